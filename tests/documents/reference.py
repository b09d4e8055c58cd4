"""The reference of all configuration keys: docs/configuration.md, and the key lists of the man pages.

    python -m tests.documents.reference    writes them anew

Types, defaults and variables come from the dataclasses that read the files, meanings from the comments of the default
files in packaging/etc: a key is changed there, and nowhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from standfast.ctl.configuration import SHAPES
from tests.documents import defaults, markdown, roff
from tests.documents.defaults import Defaults
from tests.documents.keys import Table, tables

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PAGE: Final = REPOSITORY / "docs/configuration.md"


@dataclass(frozen=True, slots=True)
class Described:
    """A configuration file: where it is, the program that reads it, and the man page about it."""

    path: str
    program: str
    man: str

    @property
    def shape(self) -> type[Any]:
        """The dataclass that it fills."""
        return SHAPES[self.program]()

    @property
    def shipped(self) -> Path:
        """The default file that the package installs."""
        return REPOSITORY / "packaging/etc/standfast" / self.path.replace("NAME", "paper")

    def defaults(self) -> Defaults:
        """What the default file says of its keys."""
        return defaults.read(self.shipped.read_text())

    def tables(self) -> list[Table]:
        """Its tables."""
        return tables(self.shape)


FILES: Final = (
    Described("agents/NAME.toml", "agent", "standfast-agent.toml.5"),
    Described("detector.toml", "detector", "standfast-detector.toml.5"),
    Described("notifier.toml", "notifier", "standfast-notifier.toml.5"),
    Described("check.toml", "check", "standfast-check.toml.5"),
)


def made() -> Iterator[tuple[Path, str]]:
    """Every file with generated parts, and what it should hold."""
    parts = [markdown.file_section(file.path, file.tables(), file.defaults()) for file in FILES]
    yield PAGE, _between(PAGE.read_text(), "<!-- keys: {} -->", "\n".join(parts))
    for file in FILES:
        page = REPOSITORY / "man" / file.man
        yield page, _between(page.read_text(), '.\\" keys: {}', roff.keys(file.tables(), file.defaults()))


def _between(text: str, mark: str, content: str) -> str:
    begin, end = mark.format("begin"), mark.format("end")
    assert begin in text, f"no {begin}"
    assert end in text, f"no {end}"
    pattern = re.compile(rf"(?<={re.escape(begin)}\n).*(?={re.escape(end)})", re.DOTALL)
    return pattern.sub(lambda _: content, text)


def main() -> None:
    """Write what is not as it should be."""
    for path, text in made():
        if path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
