"""The status service: what the daemons see, as JSON and as a page, on loopback and on demand."""
