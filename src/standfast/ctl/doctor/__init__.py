"""`standfastctl doctor`: what is wrong with an installation. Facts are gathered, one pure rule per file judges them."""
