"""The root of every error that Standfast raises on purpose."""


class StandfastError(Exception):
    """Something could not be done.

    The text is one line for an operator: it starts with what could not be done and ends
    with what to do about it. Library errors are translated into this at the edge they
    come from, once.
    """
