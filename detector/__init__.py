"""The detector: sees a cascading failure over D-Bus and asks for a master restart, rarely and rightly."""
