"""The master restart: a oneshot that restarts the fleet in systemd's own order, and verifies it."""
