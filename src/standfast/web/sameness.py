"""What makes two answers different: all that they say, but for what only moves with time. Pure.

A daemon writes when it looked last and when it looks again at each look, and an agent when the
last tick came, twice a second. Whoever asks or listens is told what is different; that a daemon
says nothing any more is a difference, and counts.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from standfast.overview import snapshot as shots
from standfast.overview.problems import problems
from standfast.overview.snapshot import Snapshot, Source
from standfast.web.answers import version

_MOVES: Final = frozenset(
    (
        *("checked_at", "last_check", "next_look", "late_s"),
        *("last_tick_at", "last_check_at", "next_check_at"),
        # of a prediction, whose words say it as exactly as it is known
        "ends_at",
    )
)
# A status is no deeper than this; what a stranger put there may be.
_DEEPEST: Final = 12


def still(value: Any, deeper: int = _DEEPEST) -> Any:
    """A JSON value without what only moves with time."""
    if isinstance(value, Mapping):
        kept = value.items() if deeper else ()
        return {key: still(one, deeper - 1) for key, one in kept if key not in _MOVES or isinstance(one, Mapping)}
    if isinstance(value, list):
        return [still(one, deeper - 1) for one in value] if deeper else []
    return value


def same(one: Source, other: Source) -> bool:
    """Whether a daemon's status says the same."""
    return one is other or (one.trouble == other.trouble and still(one.status) == still(other.status))


def tag(document: Mapping[str, Any], snapshot: Snapshot) -> str:
    """The ETag of a document made of this snapshot: weak, for the moments in it may differ."""
    return f'W/"{_version([still(document), _stale(snapshot)])}"'


def seen(snapshot: Snapshot) -> str:
    """A version of all that is seen; it is another when anything is different, or when a daemon fell silent."""
    said = [[still(source.status), source.trouble] for source in snapshot.sources.values()]
    others = [list(snapshot.agents), snapshot.agents_trouble, dict(snapshot.idle)]
    # Time alone makes a problem of what has waited for too long; the words of one may go on counting.
    return _version([said, others, _stale(snapshot), len(problems(snapshot))])


def _stale(snapshot: Snapshot) -> Sequence[bool]:
    return [shots.stale_s(source, snapshot.now) is not None for source in snapshot.sources.values()]


def _version(content: Any) -> str:
    return version(json.dumps(content))
