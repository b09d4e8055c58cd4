"""The page of what to do at each message: it has a heading for each type that the code can emit, and no other."""

import ast
import re
from collections.abc import Iterator

from standfast.agent.failures import FailureType
from standfast.ctl.types import OWN, REFUSED
from standfast.events import (
    AGENT_ENDED_UNCLEAN,
    RESTART_ASKED,
    RESTART_MODE,
    RESTART_NOT_ASKED,
    RESTART_OBSERVED,
    WATCHER_STARTED,
)
from tests.documents.earlier import EARLIER
from tests.documents.reference import REPOSITORY

PAGE = REPOSITORY / "docs/operations.md"
PROGRAMS = ("agent", "detector", "notifier", "src/standfast/check")
TYPE = re.compile(r"[A-Z]*(?:_[A-Z]+)+")
# Words of that shape that are no type of a problem: variables, journal fields, commands, what OpenAlgo says.
OTHERS = {
    "*_SYSTEMD_INVOCATION_ID",
    "*_SYSTEMD_UNIT",
    "*_UID",
    "AUTHENTICATION_ERROR",
    "BROKER_ERROR",
    "EXIT_STATUS",
    "INVOCATION_ID",
    "MESSAGE_ID",
    "MONITOR_EXIT_STATUS",
    "MONITOR_SERVICE_RESULT",
    "NOTIFY_SOCKET",
    "SERVICE_RESULT",
    "TEST_NOTIFY",
    "UNIT_RESULT",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    # Of foreign programs, by the earlier systems' habit; the notifier only has a throttle window for it.
    "STARTUP_FAILURE",
}

ADVICE_WORDS = 8


def words() -> Iterator[str]:
    """Every text in the programs that looks like the type of a problem."""
    for program in PROGRAMS:
        for path in (REPOSITORY / program).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and TYPE.fullmatch(node.value):
                    # The tail of one, such as that behind a channel's name, stands for all of them.
                    yield f"*{node.value}" if node.value.startswith("_") else node.value


def test_there_is_a_heading_for_every_type_and_no_other() -> None:
    in_code = {word for word in words() if not word.startswith("STANDFAST_")}
    shared = {AGENT_ENDED_UNCLEAN, RESTART_ASKED, RESTART_OBSERVED, RESTART_NOT_ASKED, RESTART_MODE, WATCHER_STARTED}
    types = in_code - OTHERS - set(EARLIER) | shared | {kind.value for kind in FailureType}
    headings = re.findall(r"^### `([\w*]+)`$", PAGE.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(types), "a type, or a word that belongs into OTHERS"
    assert sorted(headings) == sorted((*OWN, f"*{REFUSED}")), "a type that standfastctl takes for unknown"


def test_no_word_is_excused_that_is_not_there() -> None:
    assert set(words()) >= OTHERS


def test_every_heading_is_followed_by_advice() -> None:
    sections = re.findall(r"^### `([\w*]+)`\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert [name for name, advice in sections if len(advice.split()) < ADVICE_WORDS] == []
