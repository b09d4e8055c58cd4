"""The migration page names every variable of the earlier systems beside what it means now."""

import re

from tests.documents.earlier import EARLIER
from tests.documents.reference import REPOSITORY

PAGE = REPOSITORY / "docs/migrating.md"


def test_every_earlier_variable_stands_beside_its_key() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE.read_text(), re.MULTILINE))
    wrong = [name for name, key in EARLIER.items() if as_written(key) not in rows.get(name, "")]
    assert wrong == []


def as_written(key: str) -> str:
    """A dotted key as the page writes it: `[table] key`, `[table]` for a whole table, a credential as it is."""
    table, _, name = key.rpartition(".")
    if key.startswith("channels.") and key.count(".") == 1:
        return f"[{key}]"
    return f"[{table}] {name}" if table else key
