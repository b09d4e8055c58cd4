"""The configuration reference: current, complete, and made of default files that are right."""

import json
import tomllib
from typing import Any

import pytest

from standfast.config import load_text
from standfast.config.schema import seconds
from standfast.ctl.envfile import parse
from tests.documents.defaults import in_force, uncommented
from tests.documents.keys import NO_DEFAULT
from tests.documents.reference import FILES, REPOSITORY, Described, made

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)


def test_what_is_committed_is_current() -> None:
    stale = [str(path.relative_to(REPOSITORY)) for path, text in made() if path.read_text() != text]
    assert stale == [], "run: make reference"


@each_file
def test_every_key_stands_in_the_default_file_with_its_meaning(file: Described) -> None:
    said = file.defaults()
    silent = [
        f"{table.path}.{table.kind}.{key.name}"
        for table in file.tables()
        for key in table.keys
        if not said.meaning(table.path, table.kind, key.name)
    ]
    assert silent == [], f"say in {file.shipped.relative_to(REPOSITORY)} what these mean"


@each_file
def test_what_the_default_file_sets_is_the_default(file: Described) -> None:
    text = file.shipped.read_text()
    assert load_text(file.shape, text, file.path, {}) == load_text(file.shape, "", file.path, {})


@each_file
def test_what_is_commented_out_shows_numbers_and_switches_that_are_the_defaults(file: Described) -> None:
    said = file.defaults()
    wrong = []
    for table in file.tables():
        for key in table.keys:
            value = said.values.get(".".join(part for part in (table.path, table.kind, key.name) if part), "")
            if key.default in ("", NO_DEFAULT) or not _is_number_or_switch(key.default) or not value:
                continue
            if _in_seconds(tomllib.loads(f"x = {value}")["x"]) != _in_seconds(json.loads(key.default)):
                wrong.append(f"{table.path}.{key.name} = {value}, not {key.default}")
    assert wrong == []


@each_file
def test_what_is_commented_out_can_be_put_in_force(file: Described) -> None:
    load_text(file.shape, uncommented(file.shipped.read_text()), file.path, {})


@each_file
def test_a_mark_without_a_blank_is_taken_away_and_nothing_else(file: Described) -> None:
    text = file.shipped.read_text()
    assert tomllib.loads(in_force(text)) == tomllib.loads(uncommented(text))
    assert '"#key = value" is a default or an example' in "\n".join(text.splitlines()[:5])


def test_the_environment_file_keeps_the_same_convention() -> None:
    text = (REPOSITORY / "packaging/etc/standfast/environment").read_text()
    assert len(parse(in_force(text))) == text.count("\n#STANDFAST_") > 3
    for shape in (file.shape for file in FILES):
        load_text(shape, "", "x.toml", parse(in_force(text)))


def _in_seconds(value: Any) -> Any:
    return value if isinstance(value, bool) else seconds(value)


def _is_number_or_switch(default: str) -> bool:
    return default in ("true", "false") or default.replace(".", "").isdigit()
