"""Loading a strategy: each way in which it can be wrong is one clear line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standfast.agent.failures import AgentError, FailureType
from standfast.agent.loader import LoadedStrategy, find, make

REPOSITORY = Path(__file__).resolve().parents[3]
GOOD = "class Bot:\n def start(self, trading): pass\n def tick(self, tick): pass\n def stop(self): pass\n"


@pytest.fixture(autouse=True)
def _clean_imports() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def load(target: str, path: str, parameters: dict[str, Any]) -> LoadedStrategy:
    return make(find(target, path, parameters))


def write(directory: Path, text: str) -> str:
    (directory / "userbot.py").write_text(text)
    return str(directory)


def test_the_default_watches_and_the_example_trades() -> None:
    assert load("standfast.agent.watching:WatchOnly", "", {}).is_async is False
    example = load("moving_average:MovingAverage", str(REPOSITORY / "examples/strategies"), {"fast": 1, "slow": 2})
    assert example.instance.fast == 1


def test_async_callbacks(tmp_path: Path) -> None:
    assert load("userbot:Bot", write(tmp_path, GOOD.replace("def", "async def")), {}).is_async


def test_a_module_of_the_same_name_elsewhere_is_another(tmp_path: Path) -> None:
    for number in (1, 2, 1):
        (tmp_path / str(number)).mkdir(exist_ok=True)
        path = write(tmp_path / str(number), GOOD + f" version = {number}\n")
        assert load("userbot:Bot", path, {}).instance.version == number


def test_a_reload_takes_up_the_corrected_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + " version = 1\n")
    assert load("userbot:Bot", path, {}).instance.version == 1
    write(tmp_path, GOOD + " version = 2  # longer, so that the cached bytecode is not taken\n")
    assert load("userbot:Bot", path, {}).instance.version == 2


@pytest.mark.parametrize(
    ("text", "target", "parameters", "line"),
    [
        (GOOD, "nowhere:Bot", {}, "there is no module nowhere in "),
        ("import notthere\n" + GOOD, "userbot:Bot", {}, "on Python's path (imported at {here}:1 in <module>)"),
        (GOOD, "userbot:bot", {}, "userbot.py has no class bot, but Bot"),
        (GOOD, "userbot:Robot", {}, "userbot.py has no class Robot"),
        ("Bot = 5", "userbot:Bot", {}, "userbot.py has no class Bot"),
        ("def x(:", "userbot:Bot", {}, "userbot.py:1 is not Python"),
        ("1/0", "userbot:Bot", {}, "importing it raised ZeroDivisionError: division by zero (at "),
        ("import sys\nsys.exit()", "userbot:Bot", {}, "importing it raised SystemExit"),
        (
            GOOD + " def __init__(self): raise SystemExit(3)\n",
            "userbot:Bot",
            {},
            "its constructor raised SystemExit: 3",
        ),
        (GOOD.replace("tick", "tock"), "userbot:Bot", {}, "and stop() (at {here}:1)"),
        (GOOD.replace("tick", "tock"), "userbot:Bot", {}, "it has no method tick"),
        (GOOD.replace("tick(self, tick)", "tick(self)"), "userbot:Bot", {}, "its method tick must take one argument"),
        (GOOD.replace("tick(self, tick)", "tick(self)"), "userbot:Bot", {}, "positional arguments (at {here}:3)"),
        (GOOD.replace("stop(self)", "stop(self, now)"), "userbot:Bot", {}, "its method stop must take nothing besides"),
        (GOOD.replace("def tick", "async def tick"), "userbot:Bot", {}, "or all plain `def` (at {here}:1)"),
        (
            GOOD.replace("tick): pass", "tick): yield"),
            "userbot:Bot",
            {},
            "tick must not `yield`: nothing of it would ever",
        ),
        (GOOD.replace("tick): pass", "tick): yield").replace("def", "async def"), "userbot:Bot", {}, "(at {here}:3)"),
        (GOOD, "userbot:Bot", {"fast": 1}, "does not take the configured `parameters`"),
        (GOOD, "userbot:Bot", {"fast": 1}, "; it takes none (at {here}:1)"),
        (
            GOOD + " def __init__(self, slow, calm=1): pass\n",
            "userbot:Bot",
            {"fast": 1},
            "; it takes slow, calm (at {here}:5)",
        ),
        (
            GOOD + " def __init__(self): raise ValueError('no\\nluck')\n",
            "userbot:Bot",
            {},
            "raised ValueError: no luck",
        ),
    ],
)
def test_what_is_wrong(tmp_path: Path, text: str, target: str, parameters: dict[str, int], line: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(AgentError) as caught:
        load(target, path, parameters)
    assert caught.value.failure.type is FailureType.STRATEGY_ERROR
    assert str(caught.value).startswith(f'cannot load strategy "{target}": ')
    assert line.format(here=tmp_path / "userbot.py") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_that_is_not_there() -> None:
    with pytest.raises(AgentError, match="strategy_path /nowhere is no directory"):
        load("userbot:Bot", "/nowhere", {})
