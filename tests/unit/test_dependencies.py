"""What Python packages Standfast needs is written twice, for pip and for apt; both say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
# Where Debian's name is not simply python3- in front of the other.
DEBIAN_NAMES = {
    "apprise": "apprise",
    "python-telegram-bot": "python3-python-telegram-bot",
    "systemd-python": "python3-systemd",
}


def debian_name(requirement: str) -> str:
    name = re.split(r"[<>=!~ ]", requirement)[0]
    return DEBIAN_NAMES.get(name, f"python3-{name}")


def debian_packages(field: str) -> set[str]:
    control = (REPOSITORY / "packaging/debian/control").read_text().split("\n\n", 1)[1]
    found = re.search(rf"^{field}:(.*\n(?:[ \t].*\n)*)", control, re.MULTILINE)
    names = {re.split(r"[ (|]", item.strip())[0] for item in found[1].split(",")} if found else set()
    return {name for name in names if name.startswith("python3-") or name in DEBIAN_NAMES.values()}


def test_what_it_needs() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert {debian_name(one) for one in project["dependencies"]} == debian_packages("Depends")


def test_what_single_channels_and_checks_need() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    optional = [one for group in project["optional-dependencies"].values() for one in group]
    assert {debian_name(one) for one in optional} == debian_packages("Suggests")
