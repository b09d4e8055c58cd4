"""How agents that do not run ended: their last words, read from the journal."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from systemd import journal

from standfast.events import Kind
from standfast.moments import logged_at
from standfast.notifier.entries import Entry, to_fields
from standfast.overview.ending import Ending, ending
from standfast.unit_names import agent_unit


def endings(names: Iterable[str], open_reader: Callable[[], Any] = journal.Reader) -> Mapping[str, Ending]:
    """How those of these agents ended that ever ran; none of them where the journal cannot be read."""
    found: dict[str, Ending] = {}
    with suppress(OSError), open_reader() as reader:
        for name in names:
            if last := _last(reader, agent_unit(name)):
                found[name] = last
    return found


def _last(reader: Any, unit: str) -> Ending | None:
    """By the unit that journald itself recorded, which nobody can forge."""
    reader.flush_matches()
    reader.add_match(_SYSTEMD_UNIT=unit, STANDFAST="1")
    for kind in (Kind.SHUTDOWN, Kind.STATE):
        reader.add_match(STANDFAST_EVENT=kind.value)
    reader.seek_tail()
    raw = reader.get_previous()
    at = logged_at(raw) if raw else None
    event = Entry(to_fields(raw), "", at).event() if at else None
    return ending(event, at) if event and at else None
