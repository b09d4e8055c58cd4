"""The worker: a process that delivers, loads only the channels it uses, and goes away when idle."""
