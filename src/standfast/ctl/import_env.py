"""`standfastctl import-env`: turns the .env of an earlier system into configuration and credentials."""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, filterfalse
from pathlib import Path
from typing import Any, Final

from standfast import paths
from standfast.clock import utc_now
from standfast.ctl import credentials, dotenv, names
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.credentials import place_of
from standfast.ctl.flagging import is_agent_name
from standfast.ctl.importing import HIDDEN, EnvError, Fate, Plan, Row, Target, Wish, concerns, load_plain, make_plan
from standfast.ctl.patience import told_while
from standfast.ctl.restarting import caution, held_by
from standfast.ctl.screen import Screen
from standfast.ctl.table import Cell, Table
from standfast.ctl.writing import Change, like, write_all
from standfast.overview.reading import read_snapshot
from standfast.overview.tones import Tone

DEFAULT_AGENT: Final = "openalgo"
_TAKE_UP: Final = "systemctl restart standfast-notifier && standfastctl test-notify"
LARGEST_BYTES: Final = 1_000_000
_NEW_AGENT: Final = """\
# An agent whose settings came from an earlier system's file. Every key with its default: agents/paper.toml beside this.
gateway = "{gateway}"
live = false                       # orders are simulated: OpenAlgo's analyze mode must be on; true trades for real
#strategy = "module:Class"        # without one it only watches
#strategy_path = "/srv/mybot"
"""
_TONES: Final = {
    Fate.WRITTEN: Tone.GOOD,
    Fate.STORED: Tone.GOOD,
    Fate.BAD: Tone.BAD,
    Fate.MISSING: Tone.BAD,
    Fate.UNKNOWN: Tone.WARNING,
}


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, or with --dry-run would be: what is told of each variable, the files, the copies of old ones."""

    rows: tuple[Row, ...]
    files: tuple[str, ...]
    copies: tuple[str, ...]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the old .env")
    parser.add_argument(
        "--agent", default=DEFAULT_AGENT, metavar="NAME", help=f"whose the agent's settings become; {DEFAULT_AGENT}"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    if not is_agent_name(arguments.agent):
        raise UsageError(f'"{arguments.agent}" can be no agent\'s name: write letters, digits, _ . and -')
    if not arguments.dry_run and os.geteuid() != 0:
        raise EnvError("cannot write configuration and credentials: only root may; run it with sudo, or --dry-run")
    env = dotenv.parse(_read(arguments.file))
    plan = make_plan(env, list(_targets(env, arguments.agent)))
    with told_while("Storing secrets and configuration ..."):
        done = _planned(plan) if arguments.dry_run else _do(plan)
    if arguments.json:
        screen.json(_document(done, dry_run=arguments.dry_run))
    else:
        _show(done, arguments, screen)
    return Exit.WRONG if _corrections(done.rows, arguments.file) else Exit.OK


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise EnvError(f"cannot read {path}: it is too large to be a .env")
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EnvError(f"cannot read {path}: {reason}; name the old .env file") from error


def _targets(env: dotenv.DotEnv, agent: str) -> Iterator[Target]:
    """The files of the two programs; an agent's only where something is said about one."""
    from standfast.agent.config import AgentConfig
    from standfast.notifier.config import NotifierConfig

    yield _target(NotifierConfig, paths.NOTIFIER_CONFIG, "", None)
    names = concerns(AgentConfig, env)
    gateway = "openalgo" if any(name.startswith("OPENALGO_") for name in names) else "paper"
    new = _NEW_AGENT.format(gateway=gateway) if names else ""
    yield _target(AgentConfig, paths.agent_config(agent), new, agent)


def _target(shape: type[Any], path: Path, new: str, agent: str | None) -> Target:
    as_json = path.with_suffix(".json")
    there = as_json if paths.is_there(as_json) and not paths.is_there(path) else path
    try:
        is_new = not paths.is_there(there)
        return Target(shape, str(there), new if is_new else there.read_text(), agent, is_new)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EnvError(f"cannot read {there}: {reason}; correct that, or use sudo") from error


def _planned(plan: Plan) -> Done:
    rows = [*plan.rows, *(_fate(wish) for wish in plan.secrets)]
    return Done(_sorted(rows), tuple(plan.files), ())


def _do(plan: Plan) -> Done:
    """All of it or nothing; secrets first, for a token harms nobody and a channel whose token is missing fails.

    Raises:
        WriteError: it could not be done.
    """
    rows, changes = list(plan.rows), list[Change]()
    copies: list[Change] = []
    for wish in plan.secrets:
        row = _fate(wish)
        if row.fate is Fate.STORED:
            place = place_of(wish.credential, wish.agent)
            copies += _copy(place.file, hidden=True)
            kept, files = credentials.to_store(place, wish.value)
            changes += files
            row = replace(row, detail=row.detail.replace(HIDDEN, kept.value))
        rows.append(row)
    for name, text in plan.files.items():
        path = Path(name)
        copies += _copy(path)
        changes.append(like(path, path, text.encode()) if path.exists() else Change(path, text.encode(), mode=0o644))
    write_all([*copies, *changes])
    if any(row.fate is Fate.STORED for row in rows):
        credentials.take_in()
    return Done(_sorted(rows), tuple(plan.files), tuple(str(copy.path) for copy in copies))


def _fate(wish: Wish) -> Row:
    """What becomes of a secret; whether there is another already is known only to whoever may look."""
    place = place_of(wish.credential, wish.agent)
    if credentials.holds(place, wish.value):
        return replace(wish.row, fate=Fate.ALREADY)
    old = "; replaces the one stored" if credentials.is_stored(place) else ""
    return replace(wish.row, detail=wish.row.detail + old)


def _copy(path: Path, *, hidden: bool = False) -> list[Change]:
    """What is there under another name, as it is, with its owner's rights."""
    if not path.exists():
        return []
    stamp = utc_now().strftime("%Y%m%dT%H%M%SZ")
    name = f"{'.' if hidden else ''}{path.name}.before-import-{stamp}"
    # An import of the same second has left its copy there, of which there is no other.
    names = (f"{name}-{number}" if number else name for number in count())
    copy = next(one for one in map(path.with_name, names) if not paths.is_there(one))
    try:
        return [like(path, copy, path.read_bytes())]
    except OSError as error:
        raise EnvError(f"cannot keep a copy of {path}: {error.strerror}; nothing was changed") from error


def _sorted(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: row.line))


def _document(done: Done, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "variables": [
            {
                "line": row.line or None,
                "name": row.name,
                "fate": row.fate.value,
                "where": row.where,
                "detail": row.detail,
            }
            for row in done.rows
        ],
        "files": list(done.files),
        "copies": list(done.copies),
    }


def _show(done: Done, arguments: argparse.Namespace, screen: Screen) -> None:
    screen.table(
        Table(
            title=f"{arguments.file}, what would be done" if arguments.dry_run else str(arguments.file),
            columns=("Line", "Variable", "Fate", "Where", "Detail"),
            rows=tuple(_cells(row) for row in done.rows),
            empty="nothing is in it.",
            beneath=("Fate", "Detail"),
        )
    )
    screen.line()
    for copy in done.copies:
        screen.line(f"What was there before: {copy}")
    for line in _next_steps(done, arguments):
        screen.line(line)


def _unused_key(agent: str) -> Iterator[str]:
    """That an agent which was there before does not trade through OpenAlgo, and so uses no key."""
    path = paths.agent_config(agent)
    there = path if paths.is_there(path) else path.with_suffix(".json")
    if paths.is_there(there) and _values(str(there)).get("gateway") != "openalgo":
        yield f'The agent uses the key once gateway = "openalgo" is set in {there}.'


def _values(name: str) -> dict[str, Any]:
    return load_plain(Path(name).read_text(), as_json=name.endswith(".json"))


def _has_strategy(name: str) -> bool:
    return bool(_values(name).get("strategy"))


def _cells(row: Row) -> tuple[Cell, ...]:
    fate = Cell(row.fate.value, _TONES.get(row.fate, Tone.PLAIN))
    return (Cell(str(row.line or "-")), Cell(row.name or "-"), fate, Cell(row.where or "-"), Cell(row.detail or "-"))


def _next_steps(done: Done, arguments: argparse.Namespace) -> Iterator[str]:
    if arguments.file.stat().st_mode & 0o004:
        yield f"Everybody on this host may read {arguments.file}: chmod 600 {arguments.file}"
    whose = "" if arguments.agent == DEFAULT_AGENT else f"--agent {arguments.agent} "
    again = f"sudo standfastctl import-env {whose}{arguments.file}"
    corrections = _corrections(done.rows, arguments.file)
    if not arguments.dry_run:
        yield from _after_all(done, arguments, is_all=not corrections)
    nothing = "Nothing was written. " if arguments.dry_run else ""
    if corrections:
        yield f"{nothing}{corrections}, then run it again: {again}"
    elif arguments.dry_run:
        yield f"{nothing}To do it: {again}"


def _corrections(rows: Sequence[Row], file: Path) -> str:
    """What is to be corrected, a sentence but its end: the lines with mistakes, what is missing; "" for nothing."""
    lines = sorted({row.line for row in rows if row.fate is Fate.BAD or not row.name})
    missing = sorted(row.name for row in rows if row.fate is Fate.MISSING)
    wrong = f"Correct line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))} of {file}" if lines else ""
    if not missing:
        return wrong
    names = ", ".join(missing)
    return f"{wrong} and add {names} to it" if wrong else f"Add {names} to {file}"


def _after_all(done: Done, arguments: argparse.Namespace, *, is_all: bool) -> Iterator[str]:
    """What is to be done once all that was known is in its place, or `is_all` is false and only some of it."""
    stored = [row for row in done.rows if row.fate is Fate.STORED]
    if not done.files and not stored:
        yield from _nothing_new(done, arguments)
        return
    yield "See that all is right: standfastctl check-config && standfastctl doctor"
    agents = [name for name in done.files if Path(name).parent == paths.AGENTS_CONFIG]
    if agents or any(map(_is_agents, stored)):
        yield "Stop the old one first: two that trade the same account trade against each other."
        if any(map(_is_agents, stored)):
            yield from _unused_key(arguments.agent)
        for name in filterfalse(_has_strategy, agents):
            yield f"The agent only watches until `strategy` is set in {name}: see man standfast-agent.toml"
        yield f"Then start the agent: systemctl enable standfast-agent@{arguments.agent} && " + (
            f"systemctl restart standfast-agent@{arguments.agent}"
        )
        yield from _caution(arguments.agent)
    if len(agents) < len(done.files) or not all(map(_is_agents, stored)):
        yield f"Then let the notifier take it up: {_TAKE_UP}"
    if stored and is_all:
        left = sum(row.fate is Fate.UNKNOWN for row in done.rows)
        lines = "line of it was" if left == 1 else "lines of it were"
        first = f"{left} {lines} not understood and taken nowhere: see that you need none of them, and " if left else ""
        yield f"{arguments.file} still holds the secrets: {first}when all works, shred -u {arguments.file}"


def _nothing_new(done: Done, arguments: argparse.Namespace) -> Iterator[str]:
    """That all is so already, and how whatever has run since before that takes it up."""
    yield "Nothing was to be written."
    already = [row for row in done.rows if row.fate is Fate.ALREADY]
    if any(map(_is_agents, already)):
        yield f"If the agent was started before that was: systemctl restart standfast-agent@{arguments.agent}"
        yield from _caution(arguments.agent)
    if not all(map(_is_agents, already)):
        yield f"If the notifier was started before that was: {_TAKE_UP}"


def _is_agents(row: Row) -> bool:
    """Whether it is an agent's that was written or stored, rather than the notifier's."""
    return "openalgo" in row.where or str(paths.AGENTS_CONFIG) in row.where


def _caution(agent: str) -> Iterator[str]:
    found = read_snapshot(utc_now()).agents
    yield from filter(None, [caution(held_by({agent: found[agent]} if agent in found else {}))])


COMMAND = Command(
    name="import-env",
    summary="turn the .env of an earlier system into configuration and credentials",
    description=(
        "Reads FILE and puts each variable that it knows where it belongs: into notifier.toml, an agent's file, or a "
        "credential. It tells what went where and what it did not understand, keeps a copy of each file that it "
        "changes, writes nothing that is so already, and shows no secret. For root; anybody may try --dry-run. "
        "Exits 0 when all that it knows was taken, 1 when a value is wrong or could not be written, 2 when called "
        "wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"agent": names.agents},
)
