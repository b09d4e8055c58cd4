"""Backoff: when a delivery that did not succeed is tried again, and when it is given up. Pure."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 300.0
# A provider may ask for more patience than our own longest delay, but not for silence for ever.
LONGEST_RETRY_AFTER_S = 3600.0
GIVE_UP_AFTER = timedelta(hours=24)


class Retry(StrEnum):
    """What becomes of a delivery that failed for now."""

    BACKOFF = "tried again after a growing delay"
    ASKED_TO_WAIT = "tried again when the provider said"
    GIVEN_UP = "not delivered for 24 hours: given up"


def retry(attempts: int, age: timedelta, retry_after_s: float | None, jitter: float) -> tuple[Retry, timedelta]:
    """What to do after the `attempts`-th attempt failed, and after what delay.

    Args:
        attempts: how many attempts were made, at least 1.
        age: how long ago the message was put into the outbox.
        retry_after_s: what the provider asked for, if it did.
        jitter: a random number in [0, 1), so that many senders do not come back together.
    """
    if age >= GIVE_UP_AFTER:
        return Retry.GIVEN_UP, timedelta(0)
    if retry_after_s is not None:
        asked_s = min(max(retry_after_s, 0.0), LONGEST_RETRY_AFTER_S)
        return Retry.ASKED_TO_WAIT, timedelta(seconds=asked_s + jitter)
    return Retry.BACKOFF, timedelta(seconds=delay_s(attempts, jitter))


def delay_s(attempts: int, jitter: float) -> float:
    """Doubling from 2 s to 300 s, of which the jitter takes away up to half."""
    doubled = FIRST_DELAY_S * 2.0 ** min(attempts - 1, 16)
    return min(doubled, LONGEST_DELAY_S) * (1.0 - jitter / 2)


def is_due(not_before: datetime, now: datetime) -> bool:
    """Whether a delivery may be tried.

    A time further away than any delay that is ever set comes from a clock that was set back
    since, and counts as due.
    """
    return now >= not_before or not_before - now > timedelta(seconds=LONGEST_RETRY_AFTER_S + 1)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for (a number or an HTTP date); None if it says nothing usable."""
    if not header:
        return None
    if re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", header):
        return max(0.0, float(header))
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
