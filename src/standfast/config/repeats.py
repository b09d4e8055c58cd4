"""Names that stand in an array more than once. Pure."""

from collections.abc import Iterable, Iterator


def repeated(array: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each element of an array whose name an earlier one has: its key, such as `watch[3]`, and what was found there."""
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if name in seen:
            yield f"{array}[{number}]", f'"{name}" once more'
        seen.add(name)
