"""The problems that were told and are not over: kept in the database, and in memory while that cannot be written."""

import logging
from datetime import datetime

from standfast.agent.belongings import Belongings
from standfast.agent.failures import OPEN_POSITIONS, AgentError, Failure
from standfast.moments import iso

log = logging.getLogger(__name__)


class OpenProblems:
    """What one agent has told and not yet taken back."""

    def __init__(self, have: Belongings) -> None:
        self._have = have
        self._since: dict[str, str] = {}
        self._over: set[str] = set()

    @property
    def all(self) -> dict[str, str]:
        """The types that are open, with the time since when, the oldest first."""
        found = dict(self._since)
        try:
            found |= {kind: since for kind, since in self._have.store.open_problems() if kind not in self._over}
        except AgentError as error:
            log.error("[STATE] The open problems could not be read: %s", error)
        return dict(sorted(found.items(), key=lambda one: one[1]))

    def is_told(self, kind: str) -> bool:
        """Whether one was told by this process and is not over; asks no database, which may be locked."""
        return kind in self._since

    def is_told_otherwise(self, kind: str) -> bool:
        """Whether positions left open were told, in this run or an earlier one, and others are open now."""
        if kind not in OPEN_POSITIONS or kind in self._over:
            return False
        try:
            told = self._have.store.problem_detail(kind)
        except AgentError as error:
            log.error("[STATE] What was told could not be read: %s", error)
            return False
        return told is not None and told != self._have.own.words

    def add(self, failure: Failure, now: datetime) -> None:
        """Remember a problem before it is told, so that its end is told whatever happens."""
        self._since.setdefault(failure.type, iso(now))
        self._over.discard(failure.type)
        # Of positions what was left open is kept, for whoever has to tell whether that is another now.
        detail = self._have.own.words if failure.type in OPEN_POSITIONS else failure.detail
        try:
            self._have.store.open_problem(failure.type, detail, now)
        except AgentError as error:
            log.error("[STATE] The problem could not be recorded: %s", error)

    def forget(self, kind: str) -> None:
        """A problem is over and its end is told once."""
        self._since.pop(kind, None)
        try:
            self._have.store.forget_problem(kind)
        except AgentError as error:
            self._over.add(kind)
            log.error("[STATE] The end of a problem could not be recorded: %s", error)
