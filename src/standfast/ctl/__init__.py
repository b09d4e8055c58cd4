"""standfastctl: one command to look with; what it does, systemctl and the journal can do too."""
