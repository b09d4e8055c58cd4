"""`standfastctl secret`: stores, lists and removes the secrets that systemd hands to the units that need them."""

import argparse
import getpass
import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from standfast.clock import utc_now
from standfast.ctl import credentials, names
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.credentials import UNITS, Kept, Place, SecretError, place_of
from standfast.ctl.restarting import caution, held_by
from standfast.ctl.screen import Screen
from standfast.ctl.table import Cell, Table
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone
from standfast.unit_names import AGENT_TEMPLATE, NOTIFIER


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["set", "list", "remove"],
        help="set stores one, read from the terminal or from standard input; list shows which are stored, not what "
        "they are; remove takes one away",
    )
    parser.add_argument("name", nargs="?", choices=UNITS, metavar="NAME", help=f"one of {', '.join(UNITS)}")
    parser.add_argument("--agent", metavar="AGENT", help="only for this agent; else the key is every agent's")
    parser.add_argument("--json", action="store_true", help="with list: print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    if arguments.action == "list":
        if arguments.name or arguments.agent:
            raise UsageError("list takes no name: it shows all that are stored")
        return _list(screen, as_json=arguments.json)
    if not arguments.name:
        raise UsageError(f"which one? One of {', '.join(UNITS)}")
    place = place_of(arguments.name, arguments.agent)
    if os.geteuid() != 0:
        raise SecretError(f"cannot {arguments.action} {place.name}: only root may; run it with sudo")
    return _set(place, screen) if arguments.action == "set" else _remove(place, screen)


def _set(place: Place, screen: Screen) -> Exit:
    kept = credentials.store(place, _read_secret(place.name))
    credentials.take_in()
    screen.line(f"Stored {place.name}, {kept}.", Tone.GOOD)
    own = [one.agent for one in with_a_key_of_their_own(place)]
    if own:
        screen.line(own_keys_win(place.name, own), Tone.WARNING)
    if place.agent and place.agent not in names.agents():
        screen.line(_no_such_agent(place.agent), Tone.WARNING)
    for line in _handed_over(place, own):
        screen.line(line)
    return Exit.OK


def _remove(place: Place, screen: Screen) -> Exit:
    if not credentials.remove(place):
        raise SecretError(
            f"cannot remove {place.name}: none is stored for {place.restart}; see standfastctl secret list"
        )
    credentials.take_in()
    screen.line(f"Removed {place.name}.", Tone.GOOD)
    own = [one.agent for one in with_a_key_of_their_own(place)]
    for line in _kept_until(place, own):
        screen.line(line)
    return Exit.OK


def _list(screen: Screen, *, as_json: bool) -> Exit:
    found = list(credentials.stored())
    if as_json:
        kept = {Kept.SEALED: True, Kept.PLAIN: False}
        screen.json([{"name": one.name, "unit": one.unit, "encrypted": kept[how]} for one, how in found])
        return Exit.OK
    table = Table(
        title="Secrets",
        columns=("Name", "For", "Kept"),
        rows=tuple((Cell(one.name), Cell(_for(one)), Cell(how.value)) for one, how in found),
        empty="none is stored; to store one: standfastctl secret set NAME",
    )
    screen.table(table)
    for place in (one for one, _ in found if one.unit == AGENT_TEMPLATE):
        if own := [one.agent for one in with_a_key_of_their_own(place)]:
            screen.line(own_keys_win(place.name, own), Tone.WARNING)
    return Exit.OK


def with_a_key_of_their_own(place: Place) -> list[Place]:
    """Where agents have one of their own, which is handed to them rather than this one, every agent's."""
    if place.unit != AGENT_TEMPLATE:
        return []
    return [one for one, _ in credentials.stored() if one.name == place.name and one.agent]


def own_keys_win(name: str, agents: Sequence[str]) -> str:
    """That every agent's is not these ones', and how to change what is."""
    if len(agents) == 1:
        return f"Agent {agents[0]} has one of its own, which wins: standfastctl secret set {name} --agent {agents[0]}"
    return (
        f"Agents {', '.join(agents)} have one of their own each, which wins: "
        f"standfastctl secret set {name} --agent AGENT"
    )


def _no_such_agent(name: str) -> str:
    """That an agent's name may be a slip."""
    known = ", ".join(names.agents())
    return f'No agent "{name}" is configured{f"; there are: {known}" if known else ""}. It is kept for when one is.'


def _handed_over(place: Place, own: Sequence[str]) -> Iterator[str]:
    """When a secret that was stored arrives."""
    if not _is_for_agents(place):
        yield f"It is handed over at the next start: systemctl restart {place.restart}"
        return
    agents = _agents(place, own)
    runs = _running(agents)
    if runs:
        yield f"It is handed over at the next start: {_restart(runs)}"
        yield from filter(None, [caution(held_by(runs))])
    elif agents:
        yield f"It is handed over at the next start; {_none_runs(agents)}."
    else:
        yield "It is handed over at the next start: no agent is configured that takes it"


def _kept_until(place: Place, own: Sequence[str]) -> Iterator[str]:
    """Who has a secret still that was removed; whatever does not run needs no advice that would start it."""
    if not _is_for_agents(place):
        yield f"What runs keeps it until its next start: systemctl restart {place.restart}"
        return
    agents = _agents(place, own)
    if runs := _running(agents):
        yield f"What runs keeps it until its next start: {_restart(runs)}"
        yield from filter(None, [caution(held_by(runs))])
    else:
        yield f"Nobody has it any more: {_none_runs(agents) if agents else 'no agent is configured that takes it'}."


def _is_for_agents(place: Place) -> bool:
    return place.unit == AGENT_TEMPLATE or bool(place.agent)


def _agents(place: Place, own: Sequence[str]) -> list[str]:
    """The agents that a secret is for: one, or all that are configured and have none of their own."""
    return [place.agent] if place.agent else [agent for agent in names.agents() if agent not in own]


def _running(agents: Sequence[str]) -> dict[str, Source]:
    """Those of them that run, with what they say of themselves."""
    found = read_snapshot(utc_now()).agents
    return {agent: found[agent] for agent in agents if agent in found and found[agent].status is not None}


def _none_runs(agents: Sequence[str]) -> str:
    verb = "does" if len(agents) == 1 else "do"
    return f"{', '.join(f'standfast-agent@{agent}' for agent in agents)} {verb} not run"


def _restart(agents: Iterable[str]) -> str:
    return f"systemctl restart {' '.join(f'standfast-agent@{agent}' for agent in agents)}"


def _for(place: Place) -> str:
    return "the notifier" if place.unit == NOTIFIER else place.restart.replace("@NAME", "@*")


def _read_secret(name: str) -> str:
    """What was typed, unseen, or came through a pipe; without the end of its line."""
    text = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.read()
    secret = text.strip()
    if not secret:
        raise SecretError(f"cannot store {name}: nothing was typed or piped in; give the secret on standard input")
    return secret


COMMAND = Command(
    name="secret",
    summary="store, list or remove a token, key or password for systemd to hand over",
    description=(
        "Stores a secret under /etc/standfast/credentials, encrypted with systemd-creds where this host can, and has "
        "systemd hand it to the unit that needs it. It is never shown, and stands in no argument, environment or log. "
        "For root. Exits 0 when it is done, 1 when not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"agent": names.agents},
)
