"""One channel's lane: a thread that delivers its messages in order, so that a dead channel delays no other."""

import json
import logging
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from standfast.events import Severity
from standfast.notifier import backoff
from standfast.notifier.backoff import Retry
from standfast.notifier.channels import Answer, Channel, Outcome
from standfast.notifier.channels.channel import Body
from standfast.notifier.model import MessageKind
from standfast.notifier.store.database import StoreError
from standfast.notifier.store.outbox import Ended, Outbox, Queued
from standfast.notifier.worker.bounded import LIMIT_S, Bounded
from standfast.notifier.worker.cap import Cap
from standfast.time_words import span

log = logging.getLogger(__name__)

# A database that another process holds, or a full disk, is looked at again after this.
STORE_RETRY_S = 2.0
# A message that its channel crashes on so often in a row is not tried for a day: others wait behind it.
CRASHES = 5


class Lane:
    """Delivers what the outbox has for one channel."""

    def __init__(
        self,
        name: str,
        database: Path,
        build: Callable[[], Channel],
        report: Callable[[], None],
        cap: Cap | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        limit_s: float = LIMIT_S,
    ) -> None:
        """Set up; the channel is built when it first has something to deliver.

        Args:
            report: called after every change in the outbox.
            limit_s: how long one delivery may take in all.
        """
        self._name = name
        self._database = database
        self._report = report
        self._cap = cap
        self._now = now
        self._wake = threading.Condition()
        self._woken = False
        self._stopped = False
        self._crashes: tuple[int, int] = (0, 0)  # of which row of the outbox, how many in a row
        self.idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lane {name}", daemon=True)
        self._channel = Bounded(name, build, limit_s)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something new to deliver."""
        with self._wake:
            self._woken = True
            self.idle.clear()
            self._wake.notify()

    def stop(self) -> None:
        """Begin nothing more; what is being delivered is finished."""
        with self._wake:
            self._stopped = True
            self._wake.notify()

    def join(self, timeout_s: float) -> None:
        """Wait for the delivery at hand."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        outbox: Outbox | None = None
        told = ""
        while not self._stopped:
            try:
                outbox = outbox or Outbox(self._database, self._name)
                self._wait(self._deliver_due(outbox))
                told = ""
            except StoreError as error:
                if str(error) != told:
                    log.error("%s", error)
                told = str(error)
                self._wait(STORE_RETRY_S)
        if outbox is not None:
            outbox.close()
        self._channel.close()

    def _wait(self, seconds: float | None) -> None:
        with self._wake:
            if not self._woken and not self._stopped:
                self.idle.set()
                self._wake.wait(seconds)
                self.idle.clear()
            self._woken = False

    def _deliver_due(self, outbox: Outbox) -> float | None:
        """Deliver until the oldest is not due yet (answers in how many seconds it is) or nothing is left (None)."""
        while not self._stopped:
            queued = outbox.head()
            if queued is None:
                return None
            now = self._now()
            if not backoff.is_due(queued.not_before, now):
                return max(0.0, (queued.not_before - now).total_seconds())
            self._attempt(outbox, queued, now)
            self._report()
        return None

    def _attempt(self, outbox: Outbox, queued: Queued, now: datetime) -> None:
        # Written down before it is tried: a message that kills this process is not tried in a tight loop.
        outbox.begin(queued, now + timedelta(seconds=backoff.delay_s(queued.attempts + 1, random.random())))
        body = json.loads(queued.body)
        answer = self._answer(outbox, queued, body, now)
        now = self._now()
        match answer.outcome:
            case Outcome.DELIVERED:
                outbox.end(queued, Ended.DELIVERED, now, answer.detail, answer.parts_done)
                level = logging.DEBUG if body["kind"] == MessageKind.RESEND else logging.INFO
                self._log(level, Ended.DELIVERED, queued, "Delivered by")
            case Outcome.PARTLY:
                outbox.end(queued, Ended.DELIVERED, now, answer.detail, answer.parts_done)
                self._log(logging.ERROR, Ended.DELIVERED, queued, "Delivered in part by", answer.detail)
            case Outcome.REFUSED:
                outbox.end(queued, Ended.REFUSED, now, answer.detail, answer.parts_done)
                words = f"{answer.detail}; see [channels.{self._name}] in notifier.toml"
                self._log(logging.ERROR, Ended.REFUSED, queued, "Refused for good by", words)
            case Outcome.CRASHED if self._is_hopeless(queued):
                outbox.end(queued, Ended.REFUSED, now, answer.detail, answer.parts_done)
                self._log(logging.ERROR, Ended.REFUSED, queued, f"Given up after {CRASHES} crashes by", answer.detail)
            case Outcome.RETRY | Outcome.CRASHED:
                self._retry(outbox, queued, answer, now)

    def _answer(self, outbox: Outbox, queued: Queued, body: Body, now: datetime) -> Answer:
        if self._cap is not None and not queued.parts_done:
            critical = body["severity"] == Severity.CRITICAL
            if why := self._cap.refuses(outbox, now, critical=critical):
                return Answer(Outcome.REFUSED, why)
        return self._channel.deliver(body, queued.parts_done)

    def _is_hopeless(self, queued: Queued) -> bool:
        """Count one more crash on this message."""
        seq, number = self._crashes
        self._crashes = (queued.seq, number + 1 if seq == queued.seq else 1)
        return self._crashes[1] >= CRASHES

    def _retry(self, outbox: Outbox, queued: Queued, answer: Answer, now: datetime) -> None:
        attempts = queued.attempts + 1
        decision, delay = backoff.retry(attempts, now - queued.created_at, answer.retry_after_s, random.random())
        if decision is Retry.GIVEN_UP:
            outbox.end(queued, Ended.GIVEN_UP, now, answer.detail, answer.parts_done)
            self._log(logging.ERROR, Ended.GIVEN_UP, queued, "Given up after 24 hours by", answer.detail)
            return
        asked = decision is Retry.ASKED_TO_WAIT
        outbox.postpone(queued, now + delay, answer.detail, answer.parts_done, asked_to_wait=asked)
        level = logging.WARNING if attempts == 1 else logging.INFO
        words = f"{answer.detail}; attempt {attempts}, the next in {span(delay)}"
        self._log(level, "retry", queued, "Not delivered by", words)

    def _log(self, level: int, result: str, queued: Queued, what: str, words: str = "") -> None:
        """One line for an attempt, with fields for those who wait for its result."""
        fields = {
            "STANDFAST_NOTIFICATION": queued.message_id,
            "STANDFAST_CHANNEL": self._name,
            "STANDFAST_RESULT": str(result),
            "STANDFAST_DETAIL": words,
        }
        colon = f": {words}" if words else ""
        log.log(level, "[NOTIFICATION] %s %s (%s)%s", what, self._name, queued.message_id, colon, extra=fields)
