"""Measurements on a real systemd in a container; each prints its figure beside what it ran with."""
