"""What will fail if it goes on like this: trends of memory, disks, heartbeats and restarts, told as warnings."""
