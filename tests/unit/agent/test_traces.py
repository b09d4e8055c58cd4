"""An exception of a strategy's in one line: the user's own frames, and what caused it."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from types import CodeType
from typing import Any

import pytest

from standfast.agent.strategy import TradingRefusedError
from standfast.agent.traces import users_trace

BOT = """
def tick(): deep()
def deep(): {}[1]
def caused():
    try: int("LONG")
    except ValueError as error: raise RuntimeError("cannot decide") from error
def meanwhile():
    try: int("LONG")
    except ValueError: {}[1]
def hidden():
    try: int("LONG")
    except ValueError: raise RuntimeError("cannot decide") from None
def itself():
    error = RuntimeError("round")
    raise error from error
def long(): inner(6)
def inner(n): inner(n - 1) if n else {}[1]
"""
# As if it lay where a strategy's and where a library's code lies.
HERE = "/srv/bots/dip.py"
THERE = "/usr/lib/python3/dist-packages/numpy/core.py"


def made(path: str, text: str, **names: Any) -> dict[str, Any]:
    code: CodeType = compile(text, path, "exec")
    exec(code, names)
    return names


def trace(act: Callable[[], object], kind: type[BaseException]) -> str:
    with pytest.raises(kind) as caught:
        act()
    raised = caught.value
    assert raised.__traceback__ is not None
    return users_trace(raised.with_traceback(raised.__traceback__.tb_next))  # without this file's own frame


def at(*places: str) -> str:
    return "(at " + " <- ".join(f"{HERE}:{place}" for place in places) + ")"


@pytest.mark.parametrize(
    ("name", "kind", "line"),
    [
        ("tick", KeyError, f"KeyError: 1 {at('3 in deep', '2 in tick')}"),
        (
            "caused",
            RuntimeError,
            f"RuntimeError: cannot decide {at('6 in caused')}, caused by "
            f"ValueError: invalid literal for int() with base 10: 'LONG' {at('5 in caused')}",
        ),
        (
            "meanwhile",
            KeyError,
            f"KeyError: 1 {at('9 in meanwhile')}, caused by "
            f"ValueError: invalid literal for int() with base 10: 'LONG' {at('8 in meanwhile')}",
        ),
        ("hidden", RuntimeError, f"RuntimeError: cannot decide {at('12 in hidden')}"),
        ("long", KeyError, f"KeyError: 1 {at(*['17 in inner'] * 3)}"),
    ],
)
def test_what_was_raised_where_and_why(name: str, kind: type[BaseException], line: str) -> None:
    assert trace(made(HERE, BOT)[name], kind) == line


def test_a_cause_that_goes_in_a_circle_has_an_end() -> None:
    assert trace(made(HERE, BOT)["itself"], RuntimeError).count("RuntimeError: round") == 3


def test_neither_pythons_own_frames_nor_a_librarys_hide_the_users() -> None:
    future: Future[None] = Future()
    future.set_exception(TradingRefusedError("cannot place it"))
    waits = made(HERE, "def tick(): future.result()", future=future)
    assert trace(waits["tick"], TradingRefusedError) == f"TradingRefusedError: cannot place it {at('1 in tick')}"
    parses = made(HERE, "def tick(): json.loads('{')", json=json)
    assert trace(parses["tick"], ValueError).endswith(f" {at('1 in tick')}")
    deep = "def core(n): core(n - 1) if n else {}[1]"
    library = made(HERE, "def tick(): core(5)", core=made(THERE, deep)["core"])
    assert trace(library["tick"], KeyError) == f"KeyError: 1 {at('1 in tick')}"


def test_a_strategy_out_of_a_library_has_that_librarys_frames() -> None:
    assert trace(made(THERE, "def tick(): {}[1]")["tick"], KeyError) == f"KeyError: 1 (at {THERE}:1 in tick)"


def test_what_an_error_of_the_agents_own_was_made_of_is_in_its_text() -> None:
    text = "def tick():\n try: int('x')\n except ValueError as error: raise Refused('not placed: x') from error"
    told = trace(made(HERE, text, Refused=TradingRefusedError)["tick"], TradingRefusedError)
    assert told == f"TradingRefusedError: not placed: x {at('3 in tick')}"


def test_an_exception_without_a_text() -> None:
    assert trace(made(HERE, "def tick(): raise ValueError")["tick"], ValueError) == f"ValueError {at('1 in tick')}"
