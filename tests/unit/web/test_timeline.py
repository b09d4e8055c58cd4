"""What happened, and the levels between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.unit.overview.test_snapshot import shot
from tests.unit.web.scenes import NOW, ago

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.web import timeline
from standfast.web.band import band
from standfast.web.scene import Scene
from standfast.web.timeline import Gap, Happening, History, Span

DAY_AGO = NOW - timedelta(days=1)


def level(minutes: float, now: str, before: str) -> Happening:
    return Happening(ago(minutes), "level", f"{now}, was {before}", level=now, previous_level=before)


def history(*happenings: Happening, watched_minutes: float = 10_000) -> History:
    return History(DAY_AGO, NOW, happenings, watched_since=ago(watched_minutes))


def test_the_levels_fill_the_day_without_a_gap() -> None:
    found = timeline.spans(history(level(10, "NONE", "CRITICAL"), level(60, "CRITICAL", "WARNING")), "NONE")

    assert found == [
        Span("WARNING", DAY_AGO, ago(60)),
        Span("CRITICAL", ago(60), ago(10)),
        Span("NONE", ago(10), NOW),
    ]


def test_what_nobody_watched_is_unknown() -> None:
    assert timeline.spans(history(watched_minutes=30), "NONE") == [
        Span("UNKNOWN", DAY_AGO, ago(30)),
        Span("NONE", ago(30), NOW),
    ]
    assert timeline.spans(History(DAY_AGO, NOW, trouble="no right"), "NONE") == [Span("UNKNOWN", DAY_AGO, NOW)]


def test_no_level_holds_on_while_nobody_watches() -> None:
    day = replace(history(level(60, "NONE", "WARNING")), unwatched=(Gap(ago(70), ago(50)), Gap(ago(30))))
    assert timeline.spans(day, "UNKNOWN") == [
        Span("WARNING", DAY_AGO, ago(70)),
        Span("UNKNOWN", ago(70), ago(60)),
        Span("UNKNOWN", ago(60), ago(50)),
        Span("NONE", ago(50), ago(30)),
        Span("UNKNOWN", ago(30), NOW),
    ]
    assert "UNKNOWN for 50 min" in band(Scene(shot(), day, {}, "host"))
    assert timeline.level_since(day, "UNKNOWN") == ago(30)
    early = replace(day, unwatched=(Gap(ago(90), ago(80)), *day.unwatched))
    assert timeline.within(early, 1).unwatched == day.unwatched
    assert timeline.document(day)["unwatched"] == [
        {"since": iso(ago(70)), "until": iso(ago(50))},
        {"since": iso(ago(30)), "until": None},
    ]
    assert timeline.level_since(replace(day, unwatched=day.unwatched[:1]), "UNKNOWN") is None


def test_a_detector_that_was_restarted_was_watching() -> None:
    ups_and_downs = [(ago(90), True), (ago(80), False), (ago(79.8), False), (ago(79.5), True), (ago(60), False)]
    assert timeline.gaps(ups_and_downs) == (Gap(ago(60)),)
    assert timeline.gaps([*ups_and_downs, (ago(30), True)]) == (Gap(ago(60), ago(30)),)
    assert timeline.gaps([]) == ()


def test_of_the_time_before_anybody_watched_no_level_is_counted() -> None:
    late = Scene(shot(), history(watched_minutes=30), {}, "host")
    assert "NONE for 30 min, nothing is known of the time before <time" in band(late)
    assert "UNKNOWN for" not in band(late).partition("<svg")[0]
    gap = history(level(10, "NONE", "CRITICAL"), level(60, "CRITICAL", "WARNING"))
    shown = band(Scene(shot(), gap, {}, "host"))
    assert "CRITICAL for 50 min, NONE for 1" in shown
    assert "nothing is known" not in shown


def test_no_level_is_said_to_have_lasted_into_the_future() -> None:
    at = NOW.replace(second=7)
    cascade = Happening(at - timedelta(seconds=12), "level", "", level="CASCADING", previous_level="NONE")
    begun = at - timedelta(seconds=32)
    young = History(at - timeline.SPAN, at, (cascade,), watched_since=begun)
    shown = band(Scene(shot({"failure_level": "CASCADING"}), young, {}, "host"))
    assert "NONE for 20 s, CASCADING for 12 s, nothing is known" in shown
    assert "<title>CASCADING for 12 s</title>" in shown
    whole = History(at - timeline.SPAN, at, watched_since=at - 2 * timeline.SPAN)
    assert "NONE for 1 d" in band(Scene(shot(), whole, {}, "host"))


def test_the_page_of_one_minute_is_the_same_page_once_seconds_say_nothing() -> None:
    def shown(second: int) -> str:
        at = NOW.replace(second=second)
        change = level(700, "NONE", "WARNING")
        return band(Scene(shot(), History(at - timeline.SPAN, at, (change,), watched_since=ago(9000)), {}, "host"))

    assert shown(7).partition("<svg")[2] == shown(8).partition("<svg")[2]


def test_programs_are_told_from_when_on_anything_is_known() -> None:
    assert timeline.document(history(watched_minutes=30))["known_since"] == iso(ago(30))
    assert timeline.document(history(watched_minutes=3000))["known_since"] == iso(DAY_AGO)
    assert timeline.document(History(DAY_AGO, NOW))["known_since"] is None


def test_a_journal_that_begins_later_is_not_all_of_it() -> None:
    cut = replace(history(watched_minutes=30), begins_at=ago(31))
    assert timeline.document(cut)["complete"] is False
    assert timeline.document(cut)["journal_since"] == iso(ago(31))
    shown = band(Scene(shot(), cut, {}, "host")).partition("<svg")[0]
    assert "NONE for 30 min, nothing is known of the time before <time" in shown
    assert "(the journal begins at <time" in shown
    # The last quarter of an hour of it is all there.
    whole = timeline.within(replace(cut, until=NOW), 1)
    assert timeline.document(whole)["complete"] is False
    assert timeline.document(replace(whole, since=ago(15)))["complete"] is True
    early = replace(history(), begins_at=DAY_AGO)
    assert timeline.document(early)["complete"] is True
    assert timeline.document(replace(early, complete=False))["complete"] is False
    assert timeline.document(history())["journal_since"] is None


def test_what_gave_way_to_something_worse_is_not_called_over() -> None:
    over = timeline.of_event(Event(Kind.RESOLVED, "a.service runs again", "UNIT_FAILING"), ago(3))
    gave_way = timeline.of_event(
        Event(Kind.RESOLVED, "it is part of a cascade", data={"superseded_by": "CASCADING_FAILURE"}), ago(2)
    )
    odd = timeline.of_event(Event(Kind.RESOLVED, "x", data={"superseded_by": ["<b>"]}), ago(1))
    assert (over.gave_way_to, gave_way.gave_way_to, odd.gave_way_to) == ("", "CASCADING_FAILURE", "")
    shown = band(Scene(shot(), history(gave_way), {}, "host"))
    assert '<span class="kind plain">Gave way to CASCADING_<wbr>FAILURE</span>' in shown
    assert '<span class="kind good">Over</span>' in band(Scene(shot(), history(over), {}, "host"))


def test_since_when_the_level_is_what_it_is() -> None:
    changes = history(level(10, "CRITICAL", "NONE"), level(60, "NONE", "WARNING"))

    assert timeline.level_since(changes, "CRITICAL") == ago(10)
    assert timeline.level_since(changes, "NONE") is None  # the journal does not know of it yet
    assert timeline.level_since(history(), "NONE") is None


def test_a_unit_that_crashes_again_and_again_within_a_minute_is_one_line() -> None:
    seen = [
        timeline.of_watch(f"[HEALTH-CHECK] a.service is {what}", "a.service", ago(minutes))
        for minutes, what in ((9, "crashed: x"), (8.9, "crashed: y"), (8.8, "given up: z"), (2, "crashed: x"))
    ]

    assert [one.text for one in timeline.newest_first(seen)] == [
        "a.service is crashed: x",
        "a.service is given up: z",
        "a.service is crashed: x",
    ]


def test_a_message_says_by_whom_it_was_delivered() -> None:
    queued = "[NOTIFICATION] To be sent by telegram, email: CRITICAL: CASCADING_FAILURE x.service"

    told = timeline.of_message(queued, NOW, [("telegram", "delivered"), ("email", "given up")])
    assert told.text == "CRITICAL: CASCADING_FAILURE x.service (delivered by telegram, given up by email)"
    assert told.severity is Severity.WARNING
    assert timeline.of_message(queued, NOW, []).text.endswith("(not delivered yet)")


def test_the_newest_hours_alone() -> None:
    found = timeline.within(history(level(10, "NONE", "WARNING"), level(90, "WARNING", "NONE")), 1)

    assert [one.at for one in found.happenings] == [ago(10)]
    assert found.since == ago(60)


def test_an_odd_level_in_an_event_is_none() -> None:
    event = Event(Kind.LEVEL, "x", level="<b>", data={"previous_level": ["NONE"]})
    found = timeline.of_event(event, NOW)

    assert (found.level, found.previous_level) == ("", "")
