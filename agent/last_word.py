"""What an agent holds that can say nothing any more, by its own books: its database is written at each order.

systemd has it said after an end that was none in order (ExecStopPost=), the package when it is removed.
"""

import os
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.agent import remains
from standfast.agent.config import AgentConfig
from standfast.agent.failures import OPEN_POSITIONS, AgentError, FailureType
from standfast.agent.ledger import held_in_words
from standfast.agent.messages import Messages
from standfast.agent.own_orders import OwnOrders
from standfast.agent.store import Store
from standfast.clock import utc_now
from standfast.config import ConfigError, load
from standfast.heartbeat import Heartbeat
from standfast.journal import Journal
from standfast.time_words import moment

# journald can tell the unit of whoever sent an entry only while it is there.
LINGER_S: Final = 0.05
# What systemd says of a process that it could not make one of the agent: no program, no user, no directory to stand in.
_NO_PROGRAM: Final = frozenset({"", *map(str, range(200, 244))})
# What systemd calls an end by its watchdog.
_HUNG: Final = "watchdog"


def say(name: str, identifier: str, environ: Mapping[str, str]) -> int:
    """Tell what the agent held: the journal, where systemd asks after the end of its process, else a person.

    A person is told only of what is open, or may be.
    """
    held = last_word(name, environ)
    if "SERVICE_RESULT" not in environ:
        if held:
            where = "" if _is_on_paper(name) else ", look at it at your broker"
            what = "what is not known" if held.startswith("not known") else held
            print(f"Agent {name} does not run and holds {what}: nothing manages that now{where}")
        return 0
    how = _how(name, environ)
    remains.note_end(paths.agent_database(name), f"{how}, {moment(utc_now())}")
    messages, open_kinds = Messages(name), _open_problems(name)
    event = messages.ended_unclean(how, held, open_kinds)
    journal, heartbeat = Journal(identifier), Heartbeat()
    for kind in OPEN_POSITIONS.intersection(open_kinds):  # of which its start said that it looks after them
        journal.emit(messages.looked_after_no_more(kind, how, held))
    journal.emit(event)
    heartbeat.status(event.message)  # what stands there is what the process said when all was well
    journal.close()
    time.sleep(LINGER_S)
    heartbeat.close()
    return 0


def _how(name: str, environ: Mapping[str, str]) -> str:
    """How its process ended, and where in the user's code where it was a signal that ended it there."""
    result = environ["SERVICE_RESULT"]
    left = remains.beside(paths.agent_database(name))
    at = f"at {where}" if (where := remains.where(left)) else ""
    if result != _HUNG:
        remains.forget(left)  # the next start takes it for what blocked the loop until the watchdog
    return " ".join(filter(None, (result, environ.get("EXIT_STATUS", ""), at)))


def last_word(name: str, environ: Mapping[str, str]) -> str:
    """What it holds, in words; "" where that is nothing for certain."""
    if _never_ran(paths.agent_database(name), environ):
        return ""
    try:
        with closing(Store.reading(paths.agent_database(name))) as store:
            own = OwnOrders(store)
            is_flat = None if store.problem_detail(FailureType.DATABASE_CORRUPT) else own.is_flat
            held = held_in_words(own.nets, own.all, is_flat)
    except (AgentError, ValueError):  # also where it holds a word that no version wrote
        return "what cannot be read from its database"
    return f"{held} (on paper)" if held and _is_on_paper(name) else held


def _never_ran(database: Path, environ: Mapping[str, str]) -> bool:
    """Whether no run of it got as far as to begin its books, as where what its unit does before has failed each time.

    That they are missing is no proof where a process of it ran: they may have been taken away. Of one systemd knows,
    and a run leaves more beside them than a last word does.
    """
    if environ.get("EXIT_STATUS", "") not in _NO_PROGRAM:
        return False
    try:
        return all(path == remains.ended(database) for path in database.parent.iterdir())
    except OSError:
        return False


def _open_problems(name: str) -> list[str]:
    """The types of the problems that it can end no more."""
    try:
        with closing(Store.reading(paths.agent_database(name))) as store:
            return [kind for kind, _ in store.open_problems()]
    except AgentError:
        return []


def _is_on_paper(name: str) -> bool:
    """Whether no broker knows of what it holds: by its books, else (an older version wrote them) as configured."""
    with suppress(AgentError), closing(Store.reading(paths.agent_database(name))) as store:
        if gateways := store.gateways():
            return gateways == {"paper"}
    try:
        return load(AgentConfig, paths.agent_config(name), os.environ, required=True).gateway == "paper"
    except ConfigError:
        return False
