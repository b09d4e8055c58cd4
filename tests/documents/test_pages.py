"""What pages say of commands, units, files and other pages is there."""

import re
from pathlib import Path

import pytest

from standfast.ctl.__main__ import COMMANDS
from tests.documents.reference import FILES, REPOSITORY

DOCS = sorted(REPOSITORY.glob("docs/*.md"))
PAGES = [REPOSITORY / "README.md", *DOCS, *sorted(REPOSITORY.glob("examples/*/README.md"))]
TEXTS = [*PAGES, *sorted(REPOSITORY.glob("man/*")), REPOSITORY / "units/standfast.catalog"]
TEXTS += [path for path in sorted(REPOSITORY.glob("packaging/etc/standfast/*")) if path.is_file()]
BY_HAND = [text for text in TEXTS if text.name != "configuration.md"]
COMMAND = re.compile(r"(?:^ *|[`(:;&|] ?|sudo )standfastctl ([a-z][a-z-]+)", re.MULTILINE)
UNIT = re.compile(r"(?:systemctl (?:-\S+ )*[a-z-]+(?: -\S+)*|-u) (standfast[\w@.-]*)")
UNITS = {re.sub(r"@.*", "@", path.name).removesuffix(".service") for path in REPOSITORY.glob("units/*.*")}
# `[table] key`, `[table]` and `[[table]]` of Standfast's files; units have capitals.
KEY = re.compile(r"`\[{1,2}([a-z_.]+)\]{1,2}(?: ([a-z_]+))?[^`]*`")
KEYS = {f"{table.path}.{key.name}" for file in FILES for table in file.tables() for key in table.keys}
KEYS |= {table.path for file in FILES for table in file.tables()} | {"parameters"}
# An instance of it is for another host: examples/more-hosts.
UNITS |= {"standfast-notifier@"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
each_text = pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(text.relative_to(REPOSITORY)))


def anchors(page: Path) -> set[str]:
    """What a link can point to within a page."""
    text = page.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)"', text))


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        to = page.parent / path if path else page
        if not to.exists() or (anchor and anchor not in anchors(to)):
            lost.append(target)
    assert lost == []


@each_text
def test_commands_are_there(text: Path) -> None:
    named = set(COMMAND.findall(plain(text)))
    assert sorted(named - {command.name for command in COMMANDS}) == []


@each_text
def test_units_are_there(text: Path) -> None:
    named = {re.sub(r"@.*", "@", word.rstrip(".")).removesuffix(".service") for word in UNIT.findall(plain(text))}
    assert sorted(named - UNITS) == []


@pytest.mark.parametrize("text", BY_HAND, ids=lambda text: str(text.relative_to(REPOSITORY)))
def test_keys_are_there(text: Path) -> None:
    named = {f"{table}.{key}" if key else table for table, key in KEY.findall(plain(text))}
    assert sorted(named - KEYS) == []


def plain(text: Path) -> str:
    """The text without the marks of man pages."""
    return text.read_text().replace("\\-", "-")


def test_the_readme_leads_to_every_page() -> None:
    text = (REPOSITORY / "README.md").read_text()
    assert [page.name for page in DOCS if f"(docs/{page.name})" not in text] == []
