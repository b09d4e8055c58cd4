"""The commented default files as the one place where each key's meaning is written. Pure.

A key's meaning is the comment behind it, or else the comment lines right above it; a table's are those of its header.
Keys and tables that are commented out count too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADER = re.compile(r"\[{1,2}(?P<table>[a-z][a-z0-9_.]*)\]{1,2}(?:\s+#\s*(?P<meaning>.*))?")
_KEY = re.compile(r"(?P<key>[a-z][a-z0-9_]*) = (?P<value>.+?)(?:\s+#\s(?P<meaning>.*))?")


@dataclass(slots=True)
class Defaults:
    """What a default file says.

    Attributes:
        meanings: by dotted key, without the numbers of array elements; "" where no comment says it. Keys of tables that
            are told apart by their kind stand there as `watch.check.http.url`, and tables by their own name.
        values: the same keys with what stands behind them in the file.
    """

    meanings: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def meaning(self, table: str, kind: str, key: str) -> str:
        """Of a key of a table, or "".

        A key that all kinds of a table share may be explained at any of them, and one of a table within another where a
        table of its name stands alone.
        """
        own = self.meanings.get(_join(table, kind, key), "")
        if own or key == "kind":
            return own
        shared = (text for name, text in self.meanings.items() if re.fullmatch(rf"{table}\.\w+\.{key}", name) and text)
        alone = self.meanings.get(_join(table.rpartition(".")[2], key), "")
        return (next(shared, "") if kind else "") or alone


def read(text: str) -> Defaults:
    """The keys and meanings of a default file."""
    found = Defaults()
    table, kind, above = "", "", list[str]()
    for line, bare in lines(text):
        if match := _HEADER.fullmatch(bare):
            table, kind = match["table"], ""
            found.meanings[table] = found.meanings.get(table) or match["meaning"] or " ".join(above)
        elif match := _KEY.fullmatch(bare):
            kind = match["value"].strip('"') if match["key"] == "kind" else kind
            key = _join(table, kind, match["key"])
            if not found.meanings.get(key):
                found.meanings[key] = match["meaning"] or " ".join(above)
                found.values[key] = match["value"]
        above = [*above, bare] if line.startswith("#") and bare and not match else []
    return found


def uncommented(text: str) -> str:
    """The file with everything in force that is commented out in it."""
    return "\n".join(bare for _, bare in lines(text) if _HEADER.fullmatch(bare) or _KEY.fullmatch(bare))


def in_force(text: str) -> str:
    """The same by the convention that the files' first lines explain: "#key = value" is one, "# text" is prose."""
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def lines(text: str) -> Iterator[tuple[str, str]]:
    """The lines of the file, each also without the mark of a comment."""
    for line in text.splitlines():
        yield line, line.lstrip("#").strip()


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
