"""Agents that run: what of theirs needs a human, a line each with the next step. Pure."""

from collections.abc import Iterator
from typing import Final

from standfast.overview import snapshot as shots
from standfast.overview.holdings import holdings, is_on_paper
from standfast.overview.snapshot import Source
from standfast.overview.tones import is_resting
from standfast.time_words import clock
from standfast.unit_names import agent_unit, short

# How the reason begins of an agent that starts and was told to look again.
_LOOKED_IN_VAIN: Final = "attempt "


def problems(name: str, source: Source) -> Iterator[str]:
    """What is wrong with an agent that tells of itself."""
    yield from waits_for_restart(name, source)
    yield from of_agent(name, source)


def waits_for_restart(name: str, source: Source) -> Iterator[str]:
    """What of its configuration it has read and takes up only when it is restarted."""
    if keys := shots.texts(source.get("waits_for_restart")):
        restart = f"systemctl restart {short(agent_unit(name))} (which closes what it holds)"
        yield f"Agent {name} trades on with the earlier {', '.join(keys)}; to take up the new: {restart}"


def of_agent(name: str, source: Source) -> Iterator[str]:
    """What keeps it from trading, or from closing what it holds."""
    unit = short(agent_unit(name))
    yield from _of_state(name, source)
    if source.get("paused") is True and source.get("state") != "ERROR" and (held := open_now(source)):
        yield (
            f"Agent {name} is {paused_by(source)}, and has {held}: its strategy's orders are refused, "
            f"those that would close it too; to let it trade on: standfastctl resume {name}; "
            f"to have it closed: systemctl stop {unit}"
        )


def paused_by(source: Source) -> str:
    """That an agent is paused, by whom, when and why as far as it tells; "" where it is not."""
    if source.get("paused") is not True:
        return ""
    return f"paused {shots.words(source.get('paused_why'), '')}".rstrip()


def open_now(source: Source) -> str:
    """What is known to be open of an agent's, in words; "" where that is nothing."""
    named = any(shots.rows(source.get(key)) for key in ("positions", "orders", "unknown_orders"))
    is_open = source.get("flat") is False or named
    return holdings(source) if is_open and source.get("flat") is not True else ""


def _of_state(name: str, source: Source) -> Iterator[str]:
    unit = short(agent_unit(name))
    state, reason = source.get("state"), source.get("reason") or "no reason given"
    action = shots.table(source.get("failure")).get("action")
    itself = "At once: " if _next_look(source) else "It looks again by itself; at once: "
    alone = action or f"{itself}systemctl reload {unit}"
    if state == "ERROR":
        yield f"Agent {name} needs you: {reason}. {action or f'When it is mended: systemctl reload {unit}'}"
        if source.get("flat") is False:
            broker = "" if is_on_paper(source) else "; look at them at your broker"
            yield f"Agent {name} {_left(source)} while it is idle{broker}"
    elif state == "WAITING" and not is_resting(source.status or {}):
        yield f"Agent {name} waits: {reason}{_meanwhile(source)}{_next_look(source)}. {alone}"
    elif state == "STARTING" and str(reason).startswith(_LOOKED_IN_VAIN):
        yield f"Agent {name} starts and does not trade yet: {reason}{_meanwhile(source)}. {alone}"


def _next_look(source: Source) -> str:
    at = shots.moment(source.get("next_check_at"))
    return f"; it looks again at {clock(at)}" if at else ""


def _left(source: Source) -> str:
    only_orders = shots.rows(source.get("orders")) and not shots.rows(source.get("positions"))
    return f"has pending orders ({holdings(source)})" if only_orders else f"holds open positions ({holdings(source)})"


def _meanwhile(source: Source) -> str:
    """What an agent that does not trade has open; that it is not known says so too."""
    if source.get("flat") is True:
        return ""
    return f"; it has {held}" if (held := open_now(source)) else "; whether it holds anything is not known"
