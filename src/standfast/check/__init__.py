"""The timer-triggered check: deep looks at databases and files, disks and channels, and the watch over the watchers.

It reads what the detector and the notifier know and uses their probes and channels, since it stands in for them when
they are away; neither of them imports it.
"""
