"""`standfastctl replay`: what the detector would have said and done, from a recorded history."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from standfast import paths
from standfast.clock import utc_now
from standfast.config import load
from standfast.ctl.answers import require_journal
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.envfile import read_environment
from standfast.ctl.moment import moment_reader
from standfast.ctl.progress import Progress
from standfast.ctl.screen import Screen
from standfast.errors import StandfastError
from standfast.time_words import moment

if TYPE_CHECKING:
    # The detector's modules are loaded for this command only.
    from standfast.detector.config import DetectorConfig
    from standfast.detector.model import Observation, State
    from standfast.detector.replay import Outcome

_STDIN: Final = "-"


class ReplayError(StandfastError):
    """There is nothing that could be replayed."""


@dataclass(frozen=True, slots=True)
class _History:
    """What is replayed: the observations, what is known before them, and from when on outcomes are wanted."""

    observations: Sequence["Observation"]
    before: "State | None" = None
    lives: tuple[float, ...] = ()
    start: float = float("-inf")

    @property
    def begin(self) -> float:
        """When the first of it was observed."""
        return self.observations[0].at

    @property
    def end(self) -> float:
        return self.observations[-1].at


@dataclass(frozen=True, slots=True)
class _Judge:
    """A configuration and what it is called."""

    name: str
    config: "DetectorConfig"


def _configure(parser: argparse.ArgumentParser) -> None:
    now = utc_now()
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--history", metavar="FILE", help="a recorded history as JSON Lines; - is standard input")
    source.add_argument(
        "--since", type=moment_reader(now), metavar="TIME", help='from the journal: -7d, yesterday, "2026-11-25 14:30"'
    )
    parser.add_argument("--until", type=moment_reader(now), metavar="TIME", help="up to this time; now")
    parser.add_argument("--config", type=Path, metavar="FILE", help="judge by this detector.toml; the installed one")
    parser.add_argument("--against", type=Path, metavar="FILE", help="tell where this one would have led elsewhere")
    parser.add_argument("--json", action="store_true", help="print JSON Lines for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    if arguments.until is not None and arguments.since is None:
        raise UsageError("--until ends what --since begins: name --since too")
    judge, other = _judge(arguments.config), _other(arguments)
    history = _history(arguments)
    ours = _outcomes(history, judge)
    theirs = _outcomes(history, other) if other is not None else None
    if arguments.json:
        _print_json(screen, ours, theirs)
        return Exit.OK
    _print_words(screen, history.end, (judge, ours), (other, theirs) if other and theirs is not None else None)
    if history.begin > history.start > float("-inf"):
        begin = moment(datetime.fromtimestamp(history.begin, UTC), None)
        screen.line(f"The detector's observations begin at {begin}; of the time before it nothing is known.")
    return Exit.OK


def _judge(path: Path | None) -> _Judge:
    """A file that the user named is judged by itself; the installed one together with its environment."""
    from standfast.detector.config import DetectorConfig

    if path is not None:
        return _Judge(str(path), load(DetectorConfig, path, {}, required=True))
    environ = read_environment(paths.CONFIG / "environment")
    return _Judge("the installed configuration", load(DetectorConfig, paths.DETECTOR_CONFIG, environ))


def _other(arguments: argparse.Namespace) -> _Judge | None:
    """What to compare with: for people a new configuration over this host's history is one against the installed."""
    if arguments.against is not None:
        return _judge(arguments.against)
    if arguments.config is not None and arguments.since is not None and not arguments.json:
        return _judge(None)
    return None


def _history(arguments: argparse.Namespace) -> _History:
    if arguments.history is not None:
        return _from_file(arguments.history)
    return _from_journal(arguments.since, arguments.until or utc_now())


def _from_file(name: str) -> _History:
    from standfast.detector.history import parse

    try:
        text = sys.stdin.read() if name == _STDIN else Path(name).read_text()
    except OSError as error:
        raise ReplayError(f"cannot read {name}: {error.strerror}; name a history as JSON Lines") from error
    except UnicodeDecodeError as error:
        raise ReplayError(f"cannot read {name}: it is not UTF-8 text; name a history as JSON Lines") from error
    observations = list(parse(text.splitlines(), name))
    if not observations:
        raise ReplayError(f"nothing to replay: {name} has no line with an observation")
    return _History(observations)


def _from_journal(since: datetime, until: datetime) -> _History:
    from standfast.detector.recorded import recorded

    if until <= since:
        raise UsageError("--until must be later than --since")
    require_journal("replay what the detector saw")
    found = recorded(since.timestamp(), until.timestamp())
    if not found.observations:
        raise ReplayError(
            f"nothing to replay: the journal holds no observation of the detector between {moment(since, None)} and "
            f"{moment(until, None)}; see how far it reaches back: journalctl --list-boots"
        )
    return _History(found.observations, found.before, found.lives, since.timestamp())


def _outcomes(history: _History, judge: _Judge) -> "list[Outcome]":
    from standfast.detector.replay import from_then_on, replay

    progress = Progress(f"Replaying under {judge.name}", history.begin, history.end)
    outcomes = replay(
        history.observations, judge.config, state=history.before, lives=history.lives, on_look=progress.at
    )
    try:
        return list(from_then_on(outcomes, history.start))
    finally:
        progress.end()


def _print_json(screen: Screen, ours: "list[Outcome]", theirs: "list[Outcome] | None") -> None:
    from standfast.ctl.replayed import difference_lines
    from standfast.detector.replay import as_dicts

    for line in as_dicts(ours) if theirs is None else difference_lines(ours, theirs):
        screen.json_line(line)


def _print_words(
    screen: Screen,
    end: float,
    ours: "tuple[_Judge, list[Outcome]]",
    theirs: "tuple[_Judge, list[Outcome]] | None",
) -> None:
    from standfast.ctl.replayed import difference_table, outcome_table, summary

    sides = [ours] if theirs is None else [ours, theirs]
    screen.table(outcome_table(f"Under {ours[0].name}", ours[1]))
    if theirs is not None:
        screen.table(difference_table(ours[0].name, theirs[0].name, ours[1], theirs[1]))
    screen.line()
    for judge, outcomes in sides:
        screen.line(summary(judge.name, outcomes, end))


COMMAND = Command(
    name="replay",
    summary="show what the detector would have said and done, under any configuration",
    description=(
        "Runs a recorded history, from the journal or from a file, through the detector's decisions. With --config it "
        "judges by another detector.toml, with --against it tells where two of them differ. Nothing is touched. What "
        "happened stays as it was: a master restart that another configuration would have asked for mends nothing in "
        "it. Exits 0 when there is a history, 1 when there is none or it cannot be read, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
