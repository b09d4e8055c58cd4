"""What the notifier had delivered before it fell silent: nobody is to be told that twice. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from standfast.notifier.model import Heard, Identity
from standfast.notifier.words import type_of


@dataclass(frozen=True, slots=True)
class Told:
    """A problem that people were told of.

    Attributes:
        last: the latest occurrence that the notifier had heard of.
        at: when a channel took the latest message about it.
        is_open: whether the notifier had not heard of its end.
        as_critical: whether it was told as critical.
    """

    last: datetime
    at: datetime
    is_open: bool
    as_critical: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was delivered; of an identity that was told more than once, the latest."""

    problems: dict[Identity, Told] = field(default_factory=dict)
    happenings: frozenset[tuple[Identity, datetime]] = frozenset()

    def told_at(self, identity: Identity) -> datetime | None:
        """When people were last told of a problem of which the notifier knows no end; None when they were not."""
        told = self.problems.get(identity)
        return told.at if told is not None and told.is_open else None

    def critical(self, identity: Identity) -> Told | None:
        """What was told of a problem as critical."""
        told = self.problems.get(identity)
        return told if told is not None and told.as_critical else None

    def has_told(self, one: Heard) -> bool:
        """Whether people were told of what happened, and does not last."""
        millisecond = one.at.replace(microsecond=one.at.microsecond // 1000 * 1000)
        return (Identity(type_of(one.event), one.event.unit), millisecond) in self.happenings


NOTHING: Final = Delivered()
