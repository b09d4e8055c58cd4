"""The timer-triggered check: deep looks at databases and files, disk space, and the watch over the watchers."""
