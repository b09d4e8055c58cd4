"""A channel whose deliveries end: built when it is first used, given up on when one takes too long.

The libraries bound each wait for the other side; a server that sends a byte now and then, or a name
server that never answers, outlives all of these waits.
"""

import logging
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from standfast.notifier.channels.channel import Answer, Body, Channel, Outcome, Standing, Unusable
from standfast.notifier.secret import SecretError

log = logging.getLogger(__name__)

T = TypeVar("T")

# Longer than any healthy delivery takes, with all parts of a long text to several numbers.
LIMIT_S: Final = 60.0
# Where the libraries come from that a plain installation lacks.
_PACKAGES: Final = {"telegram": "python3-python-telegram-bot", "sms": "python3-twilio", "apprise": "apprise"}

# Two threads that load libraries at the same moment can wait for each other for ever: measured with Python 3.11 and
# urllib3, whose copy of six loads http.client while it is being looked for something else.
_LOADING: Final = threading.Lock()


class _Built:
    """A channel from its first use on; used by one thread at a time."""

    def __init__(self, name: str, build: Callable[[], Channel]) -> None:
        self._name = name
        self._build = build
        self._channel: Channel | None = None
        self._crashed = ""

    def use(self, work: Callable[[Channel], T], broken: Callable[[str], T]) -> T:
        """What the work with the channel comes to; `broken` makes the answer of one that crashed, from the words."""
        try:
            answer = work(self._ready())
        except Exception as error:
            # A mistake of ours or of a library may cost this channel its time, never the others theirs.
            if self._crashed != repr(error):
                log.exception("[NOTIFICATION] The channel %s crashed, please report this trace", self._name)
            self._crashed = repr(error)
            return broken(f"it crashed ({type(error).__name__}); the trace is in the journal")
        self._crashed = ""
        return answer

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()

    def _ready(self) -> Channel:
        """The channel; as long as something is missing for it, that is looked for at each attempt."""
        if self._channel is None:
            try:
                with _LOADING:
                    self._channel = self._build()
            except SecretError as error:
                return Unusable(str(error))
            except ImportError as error:
                return Unusable(f"cannot load {error.name}: apt install {_PACKAGES.get(self._name, self._name)}")
        return self._channel


class Bounded:
    """Delivers on a thread of its own; one that does not come back is left behind, with its channel."""

    def __init__(self, name: str, build: Callable[[], Channel], limit_s: float = LIMIT_S) -> None:
        """Set up; `build` is called when there is something to deliver."""
        self._name = name
        self._build = build
        self._limit_s = limit_s
        self._built = _Built(name, build)

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Try once; after the limit the attempt counts as failed for now, whatever still becomes of it."""
        return self._in_time(
            lambda channel: channel.deliver(body, parts_done),
            lambda why: Answer(Outcome.RETRY, why, parts_done=parts_done),
            lambda why: Answer(Outcome.CRASHED, why, parts_done=parts_done),
        )

    def standing(self) -> Standing:
        """What the other side says of us; that it says nothing within the limit tells nothing."""
        unknown = partial(Standing, None)
        return self._in_time(lambda channel: channel.standing(), unknown, unknown)

    def _in_time(self, work: Callable[[Channel], T], late: Callable[[str], T], broken: Callable[[str], T]) -> T:
        answers: queue.SimpleQueue[T] = queue.SimpleQueue()
        built = self._built
        thread = threading.Thread(
            target=lambda: answers.put(built.use(work, broken)), name=f"channel {self._name}", daemon=True
        )
        thread.start()
        try:
            return answers.get(timeout=self._limit_s)
        except queue.Empty:
            self._built = _Built(self._name, self._build)
            return late(f"no end within {self._limit_s:g} s")

    def close(self) -> None:
        """Give the connections back."""
        self._built.close()
