"""Named histories in the replay format, each with what it must and must not lead to."""
