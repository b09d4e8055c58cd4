"""The tables of a Markdown page, and the commands that stand in them. Pure."""

import re
from collections.abc import Iterator

# What a reader can type; other code in a table is a key, a path or a text.
PROGRAMS = ("cat", "curl", "journalctl", "sqlite3", "standfastctl", "systemctl")


def commands(page: str, column: str) -> Iterator[str]:
    """The commands in the columns whose heading begins with a text, from the top of the page."""
    place: int | None = None
    for line in page.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            place = None
        elif place is None:
            place = next((number for number, cell in enumerate(cells) if cell.startswith(column)), -1)
        elif place >= 0:
            spans = re.findall(r"`([^`]+)`", cells[place].replace("\\|", "|"))
            yield from (span for span in spans if span.split()[0] in PROGRAMS and " " in span)
