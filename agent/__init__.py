"""The agent: waits instead of crash-looping, trades when all is well, stops clean."""
