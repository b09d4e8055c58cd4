"""Names that stand in an array more than once. Pure."""

from collections.abc import Iterable, Iterator


def repeated(array: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each element of an array whose name an earlier one has: its key, such as `watch[3]`, and what was found there."""
    first: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if name in first:
            yield f"{array}[{number}]", f'"{name}", the name of {array}[{first[name]}]'
        first.setdefault(name, number)
