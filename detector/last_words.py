"""What an agent held that ended unclean: its unit logs it after the end, and the detector's problems repeat it."""

from dataclasses import replace
from typing import Any, Final

from standfast.detector.agent_ends import event_of, newest_word
from standfast.detector.model import AGENT_ACTIVE
from standfast.detector.problem import GIVEN_UP, UNIT_FAILING
from standfast.detector.times import iso
from standfast.detector.unclean_ends import UNKNOWN_HELD, UNKNOWN_HOW, UNMANAGED, UNMANAGED_HELD
from standfast.events import AGENT_ENDED_UNCLEAN, CLOSES, HELD, HOW, SINCE, WORDS, Event, Kind, Severity
from standfast.unit_names import agent_name

_ABOUT_ENDS: Final = frozenset({AGENT_ENDED_UNCLEAN, UNIT_FAILING})
_TELLS: Final = frozenset({Kind.PROBLEM, Kind.UPDATE})
_AT_THE_BROKER: Final = "Look at the positions at the broker: nobody manages them until it runs again"
_UNTIL_ACTIVE: Final = f"until it is {AGENT_ACTIVE} look at the positions at the broker"
_HELD: Final = "By its own books it held {}"
# How books end that no broker knows of (see standfast.agent.last_word).
_ON_PAPER: Final = "(on paper)"
_CALM: Final = (
    "systemctl start {}, or, if it is not to run: standfastctl resolve NUMBER (the number is in standfastctl errors)"
)


def with_last_word(event: Event) -> Event:
    """What is told of an agent that is down, or up again, with what it held; every other event as it is."""
    if event.type not in _ABOUT_ENDS or not agent_name(event.unit):
        return event
    if event.kind is Kind.RESOLVED:
        return back(event, _held_before(event.unit))
    if event.kind not in _TELLS:
        return event
    if event.data.get(UNMANAGED) is True:
        return unmanaged(event, _held_before(event.unit))
    entry = newest_word(event.unit)
    last = event_of(entry)
    at = entry["__REALTIME_TIMESTAMP"].timestamp() if entry else None
    return with_beginning(with_closed(told(how(event, last), held_by(last)), last), last, at)


def _held_before(unit: str) -> str | None:
    """What it held at its last end, for one that runs again."""
    return held_by(event_of(newest_word(unit, before_this_run=True)))


def unmanaged(event: Event, held: str | None) -> Event:
    """That an agent runs and does not manage what it held, with what that is."""
    if not held:
        return event

    def named(words: str) -> str:
        return words.replace(UNMANAGED_HELD, f"{UNMANAGED_HELD} ({held})")

    words = event.data.get(WORDS)
    said = {WORDS: named(words)} if isinstance(words, str) else {}
    action = event.action if held.endswith(_ON_PAPER) else f"{event.action}; {_UNTIL_ACTIVE}"
    return replace(event, message=named(event.message), action=action, data={**event.data, **said})


def how(event: Event, last: Event | None) -> Event:
    """The problem with how its process ended, where that is known: by which signal, and where it stood."""
    said = last.data.get(HOW) if last is not None and last.type == AGENT_ENDED_UNCLEAN else None
    if not isinstance(said, str) or not said:
        return event
    return replace(event, message=event.message.replace(UNKNOWN_HOW, f" ({said})"))


def back(event: Event, held: str | None) -> Event:
    """The end of an agent's problem with what it held while it was down: that it runs closes nothing."""
    if not held:
        return event
    managed = "again" if event.state == AGENT_ACTIVE else f"once it is {AGENT_ACTIVE}: see standfastctl status"
    known = f"; it held {held} by its own books, which its strategy manages {managed}"
    words = event.data.get(WORDS)  # what people are told, in place of the entry's message
    said = {WORDS: f"{words}{known}"} if isinstance(words, str) else {}
    return replace(event, message=f"{event.message}{known}", data={**event.data, **said})


def told(event: Event, held: str | None) -> Event:
    """The problem with what was held: "" for nothing, which can wait; None where that is not known."""
    if held is None:
        return event
    if event.type == UNIT_FAILING:
        return _failing(event, held) if held else event
    if held:
        words = f"{_HELD.format(held)}, and nobody closes that"
        action = _CALM.format(event.unit) if held.endswith(_ON_PAPER) else event.action
        return replace(event, message=event.message.replace(UNKNOWN_HELD, words), action=action)
    words = event.message.replace(UNKNOWN_HELD, _HELD.format("nothing"))
    return replace(event, message=words, severity=Severity.WARNING, action=_CALM.format(event.unit))


def _failing(event: Event, held: str) -> Event:
    """Of an agent that systemd has given up it is urgent, and told even where a warning of its failing was before."""
    words = str(event.data.get(WORDS, event.message))
    if event.data.get(GIVEN_UP) is not True:
        words = f"{words}. {_HELD.format(held)}"
        return replace(event, **_in_words(event, words))
    words = f"{words}. {_HELD.format(held)}, and nobody manages that"
    action = event.action if held.endswith(_ON_PAPER) else f"{_AT_THE_BROKER}; {event.action}"
    data = {key: value for key, value in event.data.items() if key != WORDS}
    return replace(event, kind=Kind.PROBLEM, message=words, severity=Severity.CRITICAL, action=action, data=data)


def _in_words(event: Event, words: str) -> dict[str, Any]:
    return {"data": {**event.data, WORDS: words}} if event.kind is Kind.UPDATE else {"message": words}


def with_closed(event: Event, last: Event | None) -> Event:
    """The problem of an agent that nobody starts again with the problems that it can end no more, as it named them."""
    closes = last.data.get(CLOSES) if last is not None and last.type == AGENT_ENDED_UNCLEAN else None
    is_down_for_good = event.type == AGENT_ENDED_UNCLEAN or event.data.get(GIVEN_UP) is True
    if closes is None or not is_down_for_good:
        return event
    return replace(event, data={**event.data, CLOSES: closes})


def with_beginning(event: Event, last: Event | None, at: float | None) -> Event:
    """The problem of an agent that ended unclean with when that was: a detector may have come later."""
    is_of_it = event.type == AGENT_ENDED_UNCLEAN and last is not None and last.type == AGENT_ENDED_UNCLEAN
    return replace(event, data={**event.data, SINCE: iso(at)}) if is_of_it and at is not None else event


def held_by(said: Event | None) -> str | None:
    """What the newest event of an agent's state tells of what it held at its end."""
    held = said.data.get(HELD) if said is not None and said.type == AGENT_ENDED_UNCLEAN else None
    return held if isinstance(held, str) else None
