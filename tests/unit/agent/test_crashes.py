"""Unclean ends: when a run may trade, has to cool off, or needs a human."""

from datetime import UTC, datetime, timedelta

import pytest

from standfast.agent.crashes import Policy, Run, Verdict, judge

BEGIN = datetime(2026, 1, 27, 9, tzinfo=UTC)


def runs(story: str) -> list[Run]:
    """Runs from "SECONDS", "SECONDS!" (ended in order), "SECONDSb" (the next boot), "SECONDS~" (cools off 300 s)."""
    found, boot = [], 0
    for word in story.split():
        boot += "b" in word
        started = BEGIN + timedelta(seconds=int(word.rstrip("!b~")))
        ended = started + timedelta(seconds=1) if "!" in word else None
        cool_off = started + timedelta(seconds=300) if "~" in word else None
        found.append(Run(started, str(boot), ended, cool_off))
    return found


@pytest.mark.parametrize(
    ("story", "verdict"),
    [
        ("0", "trade"),
        ("0 5", "trade"),
        ("0 5 10", "trade"),
        ("0 5 10 15", "cool off"),
        ("0 5 10! 15", "trade"),
        ("0 5 10 15! 20", "trade"),
        ("0 5 10b 15", "trade"),
        ("0 5b 10b 15b", "trade"),
        ("0 300 601 900", "cool off"),
        ("0 300 601 901", "trade"),
        ("0 5 10 15~ 20", "cool off"),
        ("0 5 10 15~ 320", "trade"),
        ("0 5 10 15~ 320 325 330", "give up"),
        ("0 5 10 15~ 320 325 330 335", "give up"),
        ("0 5 10 15~! 20", "trade"),
        ("0 5 10 15~! 20 25 30 35", "give up"),
        ("0 5 10 15~ 90000 90005 90010 90015", "cool off"),
    ],
)
def test_how_a_run_begins(story: str, verdict: str) -> None:
    assert judge(runs(story), Policy()).verdict == verdict


def test_a_cool_off_that_was_cut_short_goes_on_to_its_end_and_no_longer() -> None:
    before, again = judge(runs("0 5 10 15"), Policy()), judge(runs("0 5 10 15~ 20"), Policy())
    assert before.until == again.until == BEGIN + timedelta(seconds=315)


def test_the_reason_is_told() -> None:
    assert (
        judge(runs("0 5 10 15"), Policy()).reason
        == "3 unclean ends within 10 min, before its starts at 09:00:05 UTC, 09:00:10 UTC, 09:00:15 UTC"
    )
    assert judge(runs("0 5 10 15~ 320 325 330"), Policy()).reason.endswith("for the second time within 24 h")
    assert judge(runs("0 5"), Policy(max_unclean_ends=1)).reason.endswith(", before its start at 09:00:05 UTC")
    many = judge(runs("0 5 10 15 20 25 30"), Policy(max_unclean_ends=6)).reason
    assert many.startswith("6 unclean ends within 10 min, the last before its starts at 09:00:10 UTC, 09:00:15 UTC,")
    assert judge(runs("0"), Policy(max_unclean_ends=1)).verdict is Verdict.TRADE
