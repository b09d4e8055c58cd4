"""The notifier's memory: SQLite. The error log, the outbox and the position in the journal commit together."""
