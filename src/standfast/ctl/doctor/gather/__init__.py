"""Gathering facts: the edges, one file per kind. What cannot be looked at is left unknown, never taken for wrong."""
