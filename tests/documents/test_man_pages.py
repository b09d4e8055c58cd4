"""The man pages: one for every unit and file, whole, and pointing only to what is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from standfast.agent.flatness import EndKind
from standfast.config import load_text
from standfast.events import MESSAGE_IDS, Kind
from tests.documents.reference import FILES, REPOSITORY, Described

MAN = REPOSITORY / "man"
PAGES = sorted(path.name for path in MAN.iterdir())
UNITS = sorted(
    [*REPOSITORY.glob("units/*.service"), *REPOSITORY.glob("units/*.socket"), *REPOSITORY.glob("units/*.timer")]
)
POINTERS = [
    *UNITS,
    *REPOSITORY.glob("units/*.target"),
    *REPOSITORY.glob("units/*.slice"),
    REPOSITORY / "units/standfast.catalog",
]
SECTIONS = {"1": ["NAME", "SYNOPSIS", "DESCRIPTION"], "5": ["NAME", "SYNOPSIS", "DESCRIPTION", "KEYS"]}
SECTIONS |= {"7": ["NAME", "DESCRIPTION"], "8": SECTIONS["1"]}


def text(page: str) -> str:
    return (MAN / page).read_text()


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_every_unit_has_a_page_and_points_to_it(unit: Path) -> None:
    page = f"{unit.stem}.service.8"
    assert page in PAGES
    assert unit.name.replace("-", "\\-") in text(page).splitlines()[2]
    assert f"Documentation=man:{unit.stem}.service(8)" in unit.read_text()


def test_every_configuration_file_has_a_page() -> None:
    assert {file.man for file in FILES} <= set(PAGES)


@pytest.mark.parametrize("pointer", POINTERS, ids=lambda path: path.name)
def test_units_and_catalogue_point_to_pages_that_are_there(pointer: Path) -> None:
    named = re.findall(r"man:(\S+)\((\d)\)", pointer.read_text())
    assert named
    assert [f"{name}.{section}" for name, section in named if f"{name}.{section}" not in PAGES] == []


def test_the_catalogue_explains_each_verdict_on_an_end() -> None:
    catalogue = (REPOSITORY / "units/standfast.catalog").read_text()
    (entry,) = (one for one in catalogue.split("\n-- ") if one.startswith(MESSAGE_IDS[Kind.SHUTDOWN]))
    assert [kind for kind in EndKind if f'"{kind}"' not in entry] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_its_sections_and_refers_to_pages_that_are_there(page: str) -> None:
    headings = re.findall(r"^\.SH (.*)$", text(page), re.MULTILINE)
    expected = [*SECTIONS[page[-1]], "SEE ALSO"]
    assert [heading for heading in headings if heading in expected] == expected
    named = re.findall(r"^\.BR (standfast\S*) \((\d)\)", text(page), re.MULTILINE)
    assert [name for name, section in named if f"{name}.{section}".replace("\\-", "-") not in PAGES] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_read(page: str) -> None:
    if shutil.which("groff") is None:
        pytest.skip("not installed: groff")
    command = ["groff", "-man", "-ww", "-Tutf8", str(MAN / page)]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("file", [file for file in FILES if ".SH EXAMPLE" in text(file.man)], ids=lambda file: file.man)
def test_an_example_is_a_configuration(file: Described) -> None:
    example = text(file.man).split(".SH EXAMPLE\n.nf\n")[1].split("\n.fi\n")[0].replace("\\-", "-")
    load_text(file.shape, example, file.path, {})


def test_the_package_installs_every_page() -> None:
    globs = (REPOSITORY / "packaging/debian/standfast.manpages").read_text().split()
    installed = {path.name for glob in globs for path in REPOSITORY.glob(glob)}
    assert installed == set(PAGES)
