"""Events that are not listened to: counted, and said so that a person sees them but no flood fills the journal."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

from standfast.clock import monotonic_s
from standfast.events import Event, Kind
from standfast.notifier.authorise import Verdict
from standfast.notifier.users import name_of
from standfast.notifier.words import clean

log = logging.getLogger(__name__)

# Of one user's refused commands no more than one in this time is said; the next line says how many there were.
SAID_EVERY_S: Final = 1.0


class Refusals:
    """The first of each sort is said, and every command, as long as it is no flood of them."""

    def __init__(self, now_s: Callable[[], float] = monotonic_s) -> None:
        self._now_s = now_s
        self._verdicts: Counter[Verdict] = Counter()
        self._said_s: dict[int | None, float] = {}
        self._unsaid: Counter[int | None] = Counter()

    @property
    def total(self) -> int:
        """How many events were refused."""
        return self._verdicts.total()

    def add(self, event: Event, uid: int | None, verdict: Verdict) -> None:
        """One more."""
        is_first = not self._verdicts[verdict]
        self._verdicts[verdict] += 1
        if not is_first and event.kind is not Kind.COMMAND:
            return
        if self._now_s() - self._said_s.get(uid, -SAID_EVERY_S) < SAID_EVERY_S:
            self._unsaid[uid] += 1
            return
        self._said_s[uid] = self._now_s()
        more = self._unsaid.pop(uid, 0)
        what = " ".join(filter(None, (event.kind, clean(event.type), clean(event.unit))))
        also = f" (and {more} more before it)" if more else ""
        log.warning("Refused a %s from %s: %s%s", what, name_of(uid), verdict, also)
