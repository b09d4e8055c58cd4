"""Random damage to every kind of configuration file: it is read, or refused in lines; there is never a traceback.

Texts are cut, doubled and spoilt; values are put where others belong; variables say nonsense. What is found by chance
can be found again: the rounds are numbered, and a round's number is its seed.
"""

from __future__ import annotations

import copy
import json
import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from standfast.config import ConfigError, Mistake, load, load_text
from standfast.config.earlier import names_of
from standfast.config.environment import variables
from standfast.ctl.configuration import SHAPES
from standfast.ctl.envfile import read_environment
from standfast.ctl.tomledit import EditError, literal, with_value

DEFAULTS: Final = Path(__file__).parents[3] / "packaging/etc/standfast"
# With everything in force that stands there as a comment: every channel, every kind of check.
TEXTS: Final = {
    program: re.sub(r"^#(?=\S)", "", (DEFAULTS / name).read_text(), flags=re.MULTILINE)
    for program, name in (
        ("agent", "agents/paper.toml"),
        ("detector", "detector.toml"),
        ("notifier", "notifier.toml"),
        ("check", "check.toml"),
    )
}
ROUNDS: Final = 300
LEAVES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 7, 10**6, 10**30, -(10**400), 1.5, -0.0, 1e308, float("inf"), float("nan")),
    *("", " ", "a", "act", "5min", "-5s", "9" * 400 + "d", "99:99", "http://[", "http://h:0", "x:y", "NSE:SBIN"),
    *("\x00", "\ud800", "ü" * 300, "/", "../x", "*", "[", "{}", "%", "5%", "1e9%", "Mon..Fri", "Asia/Kolkata"),
    *([], {}, [[]], [{}], {"kind": "http"}, {"kind": 3}, [1, "a", None], {"": {"": {}}}),
)
SNIPPETS: Final = (
    *(
        "[",
        "]",
        "[[",
        "]]",
        "=",
        '"',
        "'",
        '"""',
        "#",
        "\n",
        "\r",
        "\x00",
        "{",
        "}",
        ",",
        ".",
        "\\",
        "\\u",
        "é",
        "\ufeff",
    ),
    *("[a.b.c]\n", "[[watch]]\n", "[[watch.check]]\n", "[restart]\n", "x = 1\n", "kind = 'http'\n", "1979-05-27", "0x"),
    *("a = [" * 40, "inf", "nan", "true", "[[[[", "'''\n", "mode = mode\n", "[channels]\n", "[channels.journal]\n"),
)


def mistakes(shape: type[Any], text: str, name: str, environ: Mapping[str, str] | None = None) -> tuple[Mistake, ...]:
    """What is wrong, each in a line; anything else than that out of it fails the test."""
    try:
        load_text(shape, text, name, environ or {})
    except ConfigError as error:
        return error.mistakes
    return ()


def are_lines(found: Sequence[Mistake]) -> bool:
    return all(" expected " in str(one) and str(one).isprintable() and len(str(one)) < 2000 for one in found)


def spoilt_text(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 6)):
        at, to = sorted(chance.randint(0, len(text)) for _ in range(2))
        to = min(to, at + 60)
        text = chance.choice(
            (
                text[:at] + text[to:],
                text[:at] + chance.choice(SNIPPETS) + text[at:],
                text[:to] + text[at:],
                text[:at] + text[at:to][::-1] + text[to:],
                text[:at],
            )
        )
    return text


def spoilt_values(values: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    values = copy.deepcopy(values)
    for _ in range(chance.randint(1, 4)):
        holder, key = chance.choice(list(_places(values)))
        act = chance.randrange(4)
        if act == 0:
            holder[key] = copy.deepcopy(chance.choice(LEAVES))
        elif act == 1 and isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        elif act == 2 and isinstance(holder, dict):
            holder.pop(key)
        else:
            holder[key] = [copy.deepcopy(holder[key])]
        if not values:
            break
    return values


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


@pytest.mark.parametrize("program", SHAPES)
def test_spoilt_toml(program: str) -> None:
    shape = SHAPES[program]()
    found = [mistakes(shape, spoilt_text(TEXTS[program], random.Random(seed)), "x.toml") for seed in range(ROUNDS)]
    assert all(map(are_lines, found))
    assert 0 < sum(map(bool, found)) < ROUNDS


@pytest.mark.parametrize("program", SHAPES)
def test_spoilt_json(program: str) -> None:
    shape, values = SHAPES[program](), tomllib.loads(TEXTS[program])
    texts = [json.dumps(spoilt_values(values, random.Random(seed))) for seed in range(ROUNDS)]
    found = [mistakes(shape, text, "x.json") for text in texts]
    assert all(map(are_lines, found))
    assert 0 < sum(map(bool, found)) < ROUNDS


@pytest.mark.parametrize("program", SHAPES)
def test_spoilt_text_called_json(program: str) -> None:
    shape, text = SHAPES[program](), json.dumps(tomllib.loads(TEXTS[program]))
    found = [mistakes(shape, spoilt_text(text, random.Random(seed)), "x.json") for seed in range(ROUNDS)]
    assert all(map(are_lines, found))
    assert sum(map(bool, found)) > 0


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "a = " + "[" * 100_000, '{"a": ' + "[" * 100_000, "a = 1" + "0" * 9999]
)
@pytest.mark.parametrize("name", ["x.toml", "x.json"])
def test_what_no_parser_stands(text: str, name: str) -> None:
    (found,) = mistakes(SHAPES["check"](), text, name)
    assert str(found).startswith(name)


@pytest.mark.parametrize("program", SHAPES)
def test_a_spoilt_environment(program: str) -> None:
    shape = SHAPES[program]()
    known = [*(variable for _, variable, _ in variables(shape)), *(name.variable for name in names_of(shape))]
    texts = [leaf for leaf in LEAVES if isinstance(leaf, str)]
    found = []
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        environ = {name: chance.choice(texts) for name in chance.sample(known, min(len(known), 5))}
        text = chance.choice((TEXTS[program], spoilt_text(TEXTS[program], chance)))
        found.append(mistakes(shape, text, "x.toml", environ))
    assert all(map(are_lines, found))
    assert sum(map(bool, found)) > 0


@pytest.mark.parametrize("key", ["dat[[[[abase", "a\nb[", "a]b", "[1]", "", "a.b[2", "\ud800"])
def test_a_key_of_brackets_has_an_end(key: str) -> None:
    assert mistakes(SHAPES["check"](), json.dumps({key: 1}), "x.json")


def test_the_files_that_are_spoilt_are_right_before() -> None:
    for program, text in TEXTS.items():
        load_text(SHAPES[program](), text, "x.toml", {})


@pytest.mark.parametrize("suffix", ["toml", "json", "environment"])
def test_any_bytes_in_a_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    found: list[tuple[Mistake, ...]] = []
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        path.write_bytes(chance.randbytes(chance.randint(0, 200)) + b"\n[a]\nb = 1\n" * chance.randint(0, 2))
        try:
            read_environment(path) if suffix == "environment" else load(SHAPES["check"](), path, {})
        except ConfigError as error:
            found.append(error.mistakes)
    assert found
    assert all(map(are_lines, found))


def test_a_spoilt_file_is_edited_rightly_or_not_at_all() -> None:
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        text = spoilt_text(TEXTS["notifier"], chance)
        value = chance.choice(["x", 5, True, ["a"], 'a"b'])
        try:
            edited = with_value(text, chance.choice(["host", "throttle_s.broker", "channels.telegram.chat_id"]), value)
        except EditError:
            continue
        assert literal(value) in edited
        tomllib.loads(edited)
