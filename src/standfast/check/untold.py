"""What others logged as critical while the notifier told nothing, as the messages that it would make of it. Pure.

What it had delivered before it fell silent is not told again. The rest it tells once more when it is back: it has the
whole story, and nobody else told how that went on.
"""

from collections.abc import Collection, Iterable

from standfast.check.delivered import Delivered, Told
from standfast.events import TOLD, Severity
from standfast.moments import iso
from standfast.notifier import dedup, telling
from standfast.notifier.config import NotifierConfig
from standfast.notifier.model import Draft, Heard, Identity, MessageKind, Problem
from standfast.notifier.route import route
from standfast.notifier.telling import MESSAGE_KINDS, Telling


def problems(heard: Iterable[Heard], own: Collection[Identity], known: Delivered) -> list[Problem]:
    """The critical problems that are not over again; `own` are those that the check speaks for itself."""
    found: dict[Identity, Problem] = {}
    over: set[Identity] = set()
    for one in heard:
        identity = dedup.identity(one)
        if identity in own or one.event.data.get(TOLD) is True:
            continue
        told_as = telling.telling(one.event)
        if told_as is Telling.PROBLEM and not _is_known(one, identity, known, over):
            _, found[identity] = dedup.count(found.get(identity), one, 0)
        elif told_as is Telling.RECOVERY:
            found.pop(identity, None)
            over |= {identity} if _is_news(one, known.critical(identity)) else set()
    return [problem for problem in found.values() if problem.severity is Severity.CRITICAL]


def _is_known(one: Heard, identity: Identity, known: Delivered, over: Collection[Identity]) -> bool:
    """Whether people were told of this occurrence, or that it goes on; what was over meanwhile is news."""
    told = known.critical(identity)
    return told is not None and (not _is_news(one, told) or (told.is_open and identity not in over))


def _is_news(one: Heard, told: Told | None) -> bool:
    """Whether the notifier had not heard it yet; its times are to the millisecond."""
    return told is None or iso(one.at) > iso(told.last)


def at_once(heard: Iterable[Heard], config: NotifierConfig, known: Delivered) -> list[Draft]:
    """What has a message of its own: how agents ended that are not flat, what a master restart did."""
    return [_draft(one, config) for one in heard if _is_at_once(one) and not known.has_told(one)]


def _is_at_once(one: Heard) -> bool:
    is_critical = telling.weighed(one.event) is Severity.CRITICAL
    return is_critical and telling.telling(one.event) is Telling.AT_ONCE


def _draft(one: Heard, config: NotifierConfig) -> Draft:
    event, severity = one.event, telling.weighed(one.event)
    _, to = route(config, severity, event.type, event.unit)
    kind: MessageKind = MESSAGE_KINDS[event.kind]
    return Draft(kind, severity, one.at, to, event=event)
