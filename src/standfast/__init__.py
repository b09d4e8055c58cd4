"""Standfast keeps a fleet of trading daemons standing on one Linux host."""

__version__ = "0.1.0"
