"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from standfast.notifier.backoff import Retry, delay_s, is_due, retry, retry_after_s

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(("attempts", "longest_s"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (1000, 300)])
def test_delays_double_to_five_minutes_and_jitter_takes_up_to_half(attempts: int, longest_s: float) -> None:
    assert delay_s(attempts, 0.0) == longest_s
    assert delay_s(attempts, 0.999) == pytest.approx(longest_s / 2, rel=0.01)


@pytest.mark.parametrize(
    ("age_h", "asked_s", "decision", "delay_s"),
    [
        (0, None, Retry.BACKOFF, 2),
        (23.9, None, Retry.BACKOFF, 2),
        (24, None, Retry.GIVEN_UP, 0),
        (0, 30.0, Retry.ASKED_TO_WAIT, 30),
        (0, 1e9, Retry.ASKED_TO_WAIT, 3600),
        (0, -5.0, Retry.ASKED_TO_WAIT, 0),
        (24, 30.0, Retry.GIVEN_UP, 0),
    ],
)
def test_what_becomes_of_a_failed_delivery(
    age_h: float, asked_s: float | None, decision: Retry, delay_s: float
) -> None:
    assert retry(1, timedelta(hours=age_h), asked_s, 0.0) == (decision, timedelta(seconds=delay_s))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("17", 17.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("nonsense", None),
        ("Mon, 02 Mar 2026 09:31:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 09:29:00 GMT", 0.0),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize(("in_s", "due"), [(-1, True), (0, True), (1, False), (3600, False), (3700, True)])
def test_a_time_beyond_every_delay_comes_from_a_clock_that_was_set_back(in_s: float, due: bool) -> None:
    assert is_due(NOW + timedelta(seconds=in_s), NOW) is due
