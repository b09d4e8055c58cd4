"""Critical files that are missing or damaged, in words: what is wrong with each, and what to do about them. Pure."""

from collections.abc import Iterable

from standfast.detector.levels import FILE_MISSING_LOOKS, Facts


def bad_files(facts: Facts) -> tuple[str, ...]:
    """The files that make a cascade."""
    return tuple(path for path, file in facts.files.items() if file.failures >= FILE_MISSING_LOOKS)


def put_back(paths: Iterable[str]) -> str:
    """What mends it; no restart does."""
    listed = tuple(paths)
    return f"Put {', '.join(listed)} back or correct {'it' if len(listed) == 1 else 'them'}"
