"""[parameters] and the constructor that they go to, told from the source alone: what cannot be told is not wrong."""

from pathlib import Path

import pytest

from standfast.agent.config import AgentConfig
from standfast.ctl.doctor.gather.strategy import look

REST = "    def start(self, desk): ...\n    def tick(self, quote): ...\n    def stop(self): ...\n"


def told(path: Path, head: str, **parameters: object) -> str:
    (path / "mine.py").write_text(f"{head}\n{REST}")
    found = look(AgentConfig(strategy="mine:Dip", strategy_path=str(path), parameters=parameters))
    assert found.unknown == ""
    return found.wrong.partition("mine.py ")[2]


SMALL = "class Dip:\n    def __init__(self, fast, *, slow=3, deep): ..."


@pytest.mark.parametrize(
    ("head", "given", "wrong"),
    [
        (SMALL, {"fast": 1, "deep": 2}, ""),
        (SMALL, {"fats": 1, "deep": 2}, "does not take fats of [parameters]; did you mean fast?"),
        (SMALL, {"zzz": 1}, "does not take zzz of [parameters]; it takes fast, slow, deep"),
        (SMALL, {"deep": 1}, "needs fast, which [parameters] does not give"),
        (SMALL, {"fast": 1}, "needs deep, which [parameters] does not give"),
        ("class Dip:\n    def __init__(self, fast=1, **more): ...", {"any": 1}, ""),
        ("class Dip:\n    def __init__(self, /, fast): ...", {"fast": 1}, ""),
        ("class Dip:", {}, ""),
        ("class Dip:", {"fast": 1}, "takes no [parameters]: fast"),
        ("class Dip(Base):", {"fast": 1}, ""),
        ("@dataclass\nclass Dip:\n    fast: int", {"fast": 1}, ""),
        ("class Dip:\n    @wrapped\n    def __init__(self): ...", {"fast": 1}, ""),
    ],
)
def test_a_key_that_no_constructor_takes_is_found(head: str, given: dict[str, int], wrong: str, tmp_path: Path) -> None:
    assert told(tmp_path, head, **given) == wrong
