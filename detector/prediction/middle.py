"""The median. Pure.

Python's own comes with fractions, decimals and random numbers, a megabyte in a process that lives for months.
"""

from collections.abc import Iterable


def median(values: Iterable[float]) -> float:
    """The middle one of at least one value, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
