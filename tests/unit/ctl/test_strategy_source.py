"""What a strategy's source tells without being run: the class is there, is not, or only running it would tell."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from standfast.agent.config import AgentConfig
from standfast.config import load_text
from standfast.ctl.doctor.facts import Code
from standfast.ctl.doctor.gather.strategy import look

WHOLE = "class BuyTheDip:\n    def start(self, t): ...\n    def tick(self, t): ...\n    def stop(self): ...\n"


def told(directory: Path, strategy: str) -> Code:
    text = f'strategy = "{strategy}"\nstrategy_path = "{directory}"'
    return look(load_text(AgentConfig, text, "a.toml", {}))


def test_the_shipped_strategies_are_found() -> None:
    assert look(AgentConfig()) == Code()
    examples = Path(__file__).parents[3] / "examples"
    assert told(examples / "strategies", "moving_average:MovingAverage") == Code()
    assert told(examples / "openalgo-agent", "dip:BuyTheDip") == Code()


@pytest.mark.parametrize(
    ("source", "wrong", "unknown"),
    [
        (WHOLE, "", ""),
        ("if True:\n    pass\nelse:\n" + textwrap.indent(WHOLE, "    "), "", ""),
        ("class BuyTheDi: ...\nclass Other: ...", "has no class BuyTheDip, but BuyTheDi", ""),
        ("", "has no class BuyTheDip", ""),
        ("def make():\n    class BuyTheDip: ...", "has no class BuyTheDip", ""),
        (WHOLE.replace("tick", "tock"), "class BuyTheDip in", ""),
        (WHOLE.replace("tick", "tock").replace("Dip:", "Dip(Base):"), "", ""),
        (WHOLE.replace("Dip:", "Dip(object):").replace("stop", "end"), "has no method stop", ""),
        ("class Base:\n    def stop(self): ...\n" + WHOLE.replace("Dip:", "Dip(Base):").replace("stop", "x"), "", ""),
        ("class Base:\n    x = 1\n" + WHOLE.replace("Dip:", "Dip(Base):").replace("stop", "x"), "no method stop", ""),
        ("class Base(Base): ...\n" + WHOLE.replace("Dip:", "Dip(Base):").replace("stop", "x"), "", ""),
        (WHOLE.replace("tick(self, t)", "tick(self)"), "its method tick must take one argument besides self", ""),
        (WHOLE.replace("stop(self)", "stop(self, now)"), "its method stop must take nothing besides self", ""),
        (WHOLE.replace("stop(self)", "stop(self, *, now)"), "its method stop must take nothing besides self", ""),
        (WHOLE.replace("stop(self)", "stop(self, now=0)").replace("tick(self, t)", "tick(*all)"), "", ""),
        (WHOLE.replace("stop(self)", "stop(self, now)").replace("    def stop", "    @made\n    def stop"), "", ""),
        (WHOLE.replace("stop(self)", "stop(self, now)") + "    stop = made(stop)\n", "", ""),
        (
            WHOLE.replace("tick(self, t): ...", "tick(self, t):\n        yield t"),
            "its method tick must not `yield`",
            "",
        ),
        (WHOLE.replace("tick(self, t): ...", "tick(self, t):\n        def of():\n            yield t"), "", ""),
        (WHOLE.replace("def stop", "async def stop"), "all `async def` or all plain `def`", ""),
        (WHOLE.replace("def ", "async def "), "", ""),
        ("def f(:", "mine.py:1 is not Python", ""),
        ("\0", "is not Python", ""),
        ("x = " + "(" * 3000, "is not Python", ""),
        ("from other import BuyTheDip", "", "only running it tells"),
        ("from other import *", "", "only running it tells"),
        ("BuyTheDip = type('BuyTheDip', (), {})", "", "only running it tells"),
        ("try:\n    import x\nexcept ImportError:\n    BuyTheDip = None", "", "only running it tells"),
        ("def __getattr__(name): ...", "", "only running it tells"),
    ],
)
def test_what_a_source_tells(source: str, wrong: str, unknown: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(source)
    found = told(tmp_path, "mine:BuyTheDip")
    assert wrong in found.wrong
    assert unknown in found.unknown
    assert (bool(found.wrong), bool(found.unknown)) == (bool(wrong), bool(unknown))


def test_nothing_of_it_is_run(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("raise SystemExit('run')")
    (tmp_path / "package/inner.py").write_text(f"raise SystemExit('run')\n{WHOLE}")
    assert told(tmp_path, "package.inner:BuyTheDip") == Code()
    assert "no module package.other" in told(tmp_path, "package.other:BuyTheDip").wrong


def test_what_is_no_source_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert "no source" in told(tmp_path, "plain:BuyTheDip").unknown
    os.mkfifo(tmp_path / "pipe.py")
    found = told(tmp_path, "pipe:BuyTheDip")
    assert found.wrong or found.unknown
    assert "there is no module gone in" in told(tmp_path, "gone:BuyTheDip").wrong


def test_a_directory_that_this_user_may_not_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "may not look into" in told(tmp_path, "mine:BuyTheDip").unknown


def test_what_is_wrong_in_the_source_is_to_be_corrected_there(tmp_path: Path) -> None:
    for text in ("def f(:", "\0"):
        (tmp_path / "mine.py").write_text(text)
        assert told(tmp_path, "mine:BuyTheDip").step == "correct that file"
    for text in (WHOLE.replace("tick", "tock"), WHOLE.replace("tick(self, t)", "tick(self)")):
        (tmp_path / "mine.py").write_text(text)
        assert told(tmp_path, "mine:BuyTheDip").step.startswith("correct that class")
    (tmp_path / "mine.py").write_text("")
    assert told(tmp_path, "mine:BuyTheDip").step == "", "the configuration may name the wrong class"
