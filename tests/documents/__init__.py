"""What the documents say, held against the code; and the parts of them that are made from it."""
