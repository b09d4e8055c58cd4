"""The dashboard's HTML: what is said where, and that nothing said by others becomes markup."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.web.scenes import GONE, NOW, ago, scene

from standfast.events import Severity
from standfast.moments import iso
from standfast.overview.snapshot import Snapshot
from standfast.web import steps
from standfast.web.dashboard import dashboard, unavailable_page
from standfast.web.scene import Scene
from standfast.web.timeline import Happening, Line
from standfast.web.unit_page import unit_page

EVIL = "</td></script><script>alert(1)</script>\"'&<b onload=x>"
UNIT = "trade_manager.service"
LATER = "2026-11-23T15:40:00.000+00:00"


class Text(HTMLParser):
    """The text of a page, and what elements it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def shown(of: Scene) -> str:
    return Text(dashboard(of)).text


def test_a_cascade_names_what_failed_first_and_what_it_took_along() -> None:
    status = statuses.detector(
        failure_level="CASCADING",
        reasons=["3 critical units fail"],
        root_cause=["a.service"],
        took_along={"a.service": ["b.service", "c.service"]},
        service_health={f"{name}.service": {"failing": True, "tier": "critical"} for name in "abc"},
    )
    since = Happening(ago(12), "level", "Failure level CASCADING", level="CASCADING")
    text = shown(scene(status, happenings=[since]))

    assert "The fleet is going downFailure level CASCADING since 2026-11-23 14:48:05 UTC, 12 min ago" in text
    assert "Probable root causea.service failed first and took along b.service, c.service" in text
    assert "3 critical units fail" in text
    assert "Failure level CASCADING: 3" not in text  # it stands in the head already
    several = shown(scene({**status, "root_cause": ["a.service", "d.service"]}, happenings=[since]))
    expected = (
        "Probable root causesa.service failed first and took along b.service, c.serviced.service failed too, by itself"
    )
    assert expected in several
    at_once = {**status, "root_cause": ["a.service", "d.service"], "failed_together": True}
    together = shown(scene(at_once, happenings=[since]))
    assert "failed first" not in together
    assert "d.service failed at the same time as the others, by itself" in together
    straggler = {**at_once, "root_cause": [*"ad", "e"], "failed_first": [*"ad"], "needed_by": {"a": ["b.service"]}}
    words = shown(scene(straggler, happenings=[since]))
    assert "a failed at the same time as the others, by itself; b.service fails too, and needs it" in words
    assert "e failed too, by itself" in words


@pytest.mark.parametrize(
    ("open_now", "words"),
    [
        ({"positions": [{"symbol": "SBIN", "quantity": -2}]}, "Holds: -2 SBIN."),
        ({"orders": [{"symbol": "SBIN"}]}, "Holds: 1 order pending."),
        (
            {"positions": [{"symbol": "SBIN", "quantity": 1}], "orders": [{}, {}]},
            "Holds: +1 SBIN, 2 orders pending.",
        ),
        ({}, "Holds: positions that it does not name."),
        ({"flat": True}, "Holds: nothing."),
        (
            {"flat": None, "positions": [{"symbol": "SBIN", "quantity": 1}]},
            "Holds: +1 SBIN, not known whether that is all.",
        ),
    ],
)
def test_what_keeps_an_agent_from_being_flat_is_named(open_now: dict[str, Any], words: str) -> None:
    assert words in shown(scene(agents={"paper": statuses.agent(**{"flat": False, **open_now})}))


def test_a_failing_unit_comes_first_with_its_last_lines() -> None:
    health = {
        "well.service": {"status": "healthy", "failing": False},
        UNIT: {"status": "given up", "failing": True, "why": "no restart is pending", "consecutive_failures": 7},
    }
    lines = {UNIT: [Line(ago(1), "disk I/O error", 3)]}
    html = dashboard(scene(statuses.detector(service_health=health), lines=lines))

    assert html.index("no restart is pending") < html.index("disk I/O error") < html.index("well.<wbr>service")
    assert '<li class="urgent">' in html


def test_many_well_units_are_folded_and_failing_ones_are_not() -> None:
    health = {f"u{number}.service": {"status": "healthy", "failing": False} for number in range(300)}
    health["bad.service"] = {"status": "crashed", "failing": True}
    html = dashboard(scene(statuses.detector(service_health=health)))

    assert '<details id="well"><summary>300 healthy units</summary>' in html
    assert html.index("bad.<wbr>service") < html.index('<details id="well">')


def test_of_very_many_failing_units_the_root_cause_comes_first_and_the_rest_is_folded() -> None:
    health = {f"u{number}.service": {"status": "crashed", "failing": True} for number in range(100)}
    status = statuses.detector(failure_level="CASCADING", root_cause=["u99.service"], service_health=health)
    html = dashboard(scene(status))

    units = html[html.index('id="units"') :]
    assert units.index("u99.") < units.index("u0.")
    assert '<details id="worst"><summary>80 more failing units</summary>' in units


def test_a_run_that_restarted_nothing_is_told_from_one_that_did() -> None:
    because = {"units": ["b.service", "c.service"], "because_of": ["b.service"]}
    runs = [
        {"at": statuses.AT, "result": "success", "automatic": True, **because},
        {"at": statuses.AT, "result": "success", "automatic": False, "units": ["a.service"]},
        {"at": statuses.AT, "result": "nothing", "automatic": False, "units": []},
    ]
    text = shown(scene(statuses.detector(restart_history=runs)))
    assert text.count("by hand; there was nothing to restart") == 1
    assert "by hand; restarted: a.service" in text
    assert "asked for by the detector because of b.service; restarted: b.service, c.service" in text


def test_whether_a_restart_is_possible_and_why_not() -> None:
    blocked = {"can_restart": False, "restart_blocked": "hands off", "hold_until": "2026-11-23T15:40:00.000+00:00"}
    text = shown(scene(statuses.detector(**blocked, max_per_hour=3, restart_count=3, mode="act")))

    assert "Not possible now: hands off; until 2026-11-23 15:40:00 UTC." in text
    assert "standfastctl release" in text
    assert "3 of at most 3 within the last hour." in text
    assert "Follows if a cascade lasts; no limit is in the way of one" in shown(scene(statuses.detector(mode="act")))
    assert "None is made in mode observe" in shown(scene(statuses.detector(mode="observe")))
    released = {"released_at": statuses.AT, "max_per_hour": 3, "restart_count": 1}
    assert "1 of at most 3 since the release at 2026-11-23 15:00:00 UTC." in shown(scene(statuses.detector(**released)))


def test_what_would_have_been_done_is_said_in_observe_mode() -> None:
    decision = {"allowed": False, "reason": "observe", "why": "it would have been asked for"}
    assert "Not asked for: it would have been asked for." in shown(scene(statuses.detector(decision=decision)))


@pytest.mark.parametrize(
    ("reason", "changes", "said"),
    [
        ("observe", {}, "No master restart comes by itself: the mode is observe."),
        ("hold", {"hold_until": LATER}, "No master restart comes by itself until 2026-11-23 15:40:00 UTC."),
        ("same-set", {}, "No master restart comes by itself."),
        ("gap", {"gap_until": LATER}, "If this lasts, a master restart is asked for after 2026-11-23 15:40:00 UTC."),
        ("running", {}, ""),
        ("", {}, ""),
    ],
)
def test_whether_a_master_restart_comes_by_itself_is_said_at_the_head(
    reason: str, changes: dict[str, Any], said: str
) -> None:
    decision = {"allowed": False, "reason": reason, "why": "so it is"} if reason else None
    html = dashboard(scene(statuses.detector(mode="act", decision=decision, **changes)))
    head = html[: html.index('id="units"')]
    assert ("by-itself" in head) is bool(said)
    assert said in Text(head).text


def test_the_next_steps_of_a_cascade_are_commands_to_copy() -> None:
    health = {
        "a.service": {"status": "given up", "failing": True, "active_state": "failed"},
        "b.service": {"status": "taken along", "failing": True, "active_state": "inactive"},
    }
    status = {"failure_level": "CASCADING", "root_cause": ["a.service"], "service_health": health}
    html = dashboard(scene(statuses.detector(**status)))

    assert '<code class="command">journalctl -n 50 -u a</code>' in html
    assert '<code class="command">systemctl reset-failed a &amp;&amp; systemctl start a b</code>' in html
    held = dashboard(scene(statuses.detector(**status, hold_until="2026-11-23T15:40:00.000+00:00")))
    assert "Then let master restarts be asked for again" in held
    assert "When that is mended, restart what is down" in html
    health["a.service"]["start_refused"] = True
    assert "When that is mended, restart what is down" in dashboard(scene(statuses.detector(**status)))
    health["b.service"]["start_refused"] = True
    refused = Text(dashboard(scene(statuses.detector(**status)))).text
    assert "Restart what systemd refused to start again; first mend what ended it, if anything did" in refused


def test_errors_that_somebody_took_on_come_last_and_say_so() -> None:
    rows = [statuses.error(error_type="A", acknowledged=True), statuses.error(error_type="B", id=7)]
    html = dashboard(scene(notifier=statuses.notifier(*rows)))

    first, second = html.index("<strong>B</strong>"), html.index("<strong>A</strong>")
    assert first < html.index("standfastctl ack 7") < second < html.index(">acknowledged</span>")
    assert html.count("standfastctl ack") == 1


def test_the_page_of_a_unit_says_how_far_it_is_from_an_alarm_and_how_it_is_started_anew() -> None:
    row = {**statuses.detector()["service_health"][UNIT], "consecutive_failures": 4, "failing": True}
    row |= {"active_state": "failed", "thresholds": {"warning": 3, "critical": 5, "cascading": 7}}
    text = Text(unit_page(scene(statuses.detector(service_health={UNIT: row})), UNIT, [])).text
    assert "4 (warning at 3, critical at 5, cascading at 7)" in text
    assert "When it is mended: systemctl reset-failed trade_manager && systemctl start trade_manager" in text
    assert "When it is mended" not in Text(unit_page(scene(), UNIT, [])).text
    row["start_refused"] = True
    text = Text(unit_page(scene(statuses.detector(service_health={UNIT: row})), UNIT, [])).text
    assert "To start it again: systemctl reset-failed trade_manager && systemctl start trade_manager" in text


def test_what_is_critical_comes_first_and_says_so_and_what_was_once_has_one_time() -> None:
    rows = [statuses.error(error_type="A", occurrence_count=1), statuses.error(error_type="B", severity="critical")]
    html = dashboard(scene(notifier=statuses.notifier(*rows)))
    listed = html[html.index('id="errors"') : html.index('id="agents"')]
    urgent, other = listed.split("<li>")[1:]
    assert "<strong>B</strong> <span" in urgent
    assert ">critical</span>" in urgent
    assert 'class="mark bad ' in urgent
    assert ", last <time" in urgent
    assert 'class="mark warning ' in other
    assert ", last <time" not in other


def test_an_agent_that_is_paused_with_something_open_is_not_shown_as_well() -> None:
    for flat, mark in ((True, "plain"), (False, "warning"), (None, "warning")):
        html = dashboard(scene(agents={"a": statuses.agent(paused=True, flat=flat)}))
        assert f'class="mark {mark} ' in html[html.index('id="agents"') :].partition("</li>")[0]


def test_what_is_foreseen_has_its_own_place_and_is_said_once() -> None:
    leak = "memory of a.service reaches MemoryMax in about 4 h"
    foreseen: list[Any] = [{"message": leak}, {}, 7]
    text = shown(scene(statuses.detector(failure_level="WARNING", reasons=[leak], predictions=foreseen)))

    assert f"What is likely to fail next{leak}" in text
    assert text.count(leak) == 1
    assert "not for good if it goes on like this" in text
    assert "likely to fail" not in shown(scene())


def test_a_host_without_watchers_says_so_everywhere() -> None:
    text = shown(Scene(Snapshot(NOW, GONE, GONE), scene(trouble="no right to read it").history, {}, "box1"))

    assert "Nobody is watchingFailure level UNKNOWN" in text
    assert text.count("Unknown: the failure detector tells nothing.") == 2
    assert text.count("Unknown: the notifier tells nothing.") == 2
    assert "No agent is running." in text
    assert "Unknown: no right to read it." in text


def test_who_hears_nothing_sees_what_is_silenced_at_the_head_of_the_page() -> None:
    silence = {"id": "00ff00ff", "unit": UNIT, "end": iso(NOW + timedelta(hours=1)), "why": "a new disk", "by": "alice"}
    text = shown(scene(notifier=statuses.notifier(silences=[silence])))

    head = text[: text.index("Units")]
    assert "Silenced until 2026-11-23 16:00:05 UTC: unit trade_manager.service (a new disk; by alice)" in head
    assert "to end it: standfastctl unsilence 00ff00ff" in head


def test_nothing_that_others_say_becomes_markup() -> None:
    health = {EVIL: {"status": EVIL, "why": EVIL, "failing": True, "needs": ["b"], "checks": {EVIL: {}}}, "b": {}}
    status = statuses.detector(
        failure_level="WARNING", reasons=[EVIL], root_cause=[EVIL], took_along={EVIL: [EVIL]}, mode=EVIL,
        service_health=health, restart_blocked=EVIL, predictions=[{"message": EVIL}],
        critical_files={EVIL: {"detail": EVIL}},
        restart_history=[{"at": EVIL, "result": EVIL, "units": [EVIL]}], decision={"reason": EVIL, "why": EVIL},
        can_restart=False,
    )  # fmt: skip
    known = statuses.notifier(
        statuses.error(error_type=EVIL, unit=EVIL, error_message=EVIL, action=EVIL, occurrence_count=EVIL),
        channels=[{"name": EVIL, "failing": EVIL}],
        silences=[{"id": EVIL, "unit": EVIL, "why": EVIL, "by": EVIL, "end": EVIL}],
    )
    happenings = [Happening(ago(1), EVIL, EVIL, Severity.CRITICAL, EVIL, EVIL)]
    evil = scene(status, known, happenings, {EVIL: [Line(ago(1), EVIL, 3)]}, agents={EVIL: statuses.agent(state=EVIL)})
    plain = Text(dashboard(scene()))

    for html in (dashboard(evil), unit_page(evil, EVIL, [Line(ago(1), EVIL, 0)]), unavailable_page(EVIL)):
        found = Text(html)
        assert "alert(1)" in found.text
        assert found.tags.count("script") == plain.tags.count("script") == 1
        assert "b" not in found.tags
        assert len(found.ids) == len(set(found.ids))


def test_nothing_that_others_say_turns_or_hides_what_stands_beside_it() -> None:
    turned = "\u202ereversed\x1b[31m\u200b"
    health = {UNIT: {"status": "crashed", "failing": True, "why": turned}}
    status = statuses.detector(failure_level="WARNING", reasons=[turned], service_health=health)
    html = dashboard(scene(status, lines={UNIT: [Line(ago(1), turned, 3)]}))

    assert "reversed" in html
    assert not set("\u202e\x1b\u200b") & set(html)


def test_what_would_fill_the_screen_is_folded() -> None:
    units = [f"unit{number:03}.service" for number in range(100)]
    reason = f"100 critical units fail: {', '.join(units)}; see journalctl -u unit007.service"
    status = statuses.detector(failure_level="CASCADING", reasons=[reason], root_cause=units[:1],
                               took_along={units[0]: units[1:]})  # fmt: skip
    html = dashboard(scene(status))

    assert "and 93 others" in html
    head = html[: html.index('id="units"')]
    assert head.count('<code class="command">journalctl -u unit007.service</code>') == 1
    assert head.index("100 critical units fail") < head.index(" ...</summary>") < head.rindex("unit099")


def test_agents_that_need_somebody_come_first_and_one_that_rests_is_no_trouble() -> None:
    states = {"a": ("ACTIVE", ""), "b": ("WAITING", "market closed until 09:15"), "c": ("ERROR", "bad key")}
    agents = {name: statuses.agent(state=state, reason=reason) for name, (state, reason) in states.items()}
    html = dashboard(scene(agents=agents))

    listed = html[html.index('id="agents"') :]
    assert listed.index("<strong>c<") < listed.index("<strong>b<") < listed.index("<strong>a<")
    assert listed.index('class="mark bad ') < listed.index('class="mark plain ') < listed.index('class="mark good ')
    assert "All watched units stand, but agent c needs you" in html


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = dashboard(scene(agents={"paper": statuses.agent()}))

    assert "http://" not in html
    assert "https://" not in html
    assert html.count("<h1 ") == 1
    assert '<html lang="en">' in html


def test_the_same_state_is_the_same_page_but_for_the_moment_in_its_footer() -> None:
    before, after = (dashboard(scene(happenings=[Happening(ago(3), "state", "x")])) for _ in range(2))
    assert before.rpartition("<footer>")[0] == after.rpartition("<footer>")[0]


ODD: list[Any] = [None, 7, "x", [], {}, [None, 3, "x"], {"a": None}, {"a": {"b": []}}, {"a": []}, [{"a": {}}], True]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_no_odd_value_stops_the_page(odd: Any) -> None:
    more = ("took_along", "predictions", "decision", "hold_until", "gap_until", "restart_blocked", "max_per_hour")
    for key in (*statuses.detector(), *more):
        dashboard(scene(statuses.detector(**{key: odd})))
    for key in (*statuses.notifier(), "silences", "deliveries"):
        dashboard(scene(notifier=statuses.notifier(**{key: odd})))
    for key in (*statuses.agent(), "positions", "failure", "live"):
        for flat in (None, False):
            dashboard(scene(agents={"paper": statuses.agent(**{"flat": flat, key: odd})}))
    for key in (*statuses.error(), "id", "action"):
        dashboard(scene(notifier=statuses.notifier(statuses.error(**{key: odd}))))
    for key in (*statuses.detector()["service_health"][UNIT], "needs", "after", "checks", "restart"):
        of = scene(statuses.detector(service_health={UNIT: {key: odd}, "b.service": {"needs": [UNIT]}}))
        dashboard(of)
        unit_page(of, UNIT, [])


def test_that_nothing_is_judged_yet_is_said_once_and_under_no_sign_of_health() -> None:
    why = "the host booted at 02:09:56 UTC; judged again from the first look after 02:11:56 UTC on"
    blind = statuses.detector(reasons=[f"nothing is judged now: {why}"], can_restart=False, restart_blocked=why)
    html = dashboard(scene(blind))
    head = html[: html.index('id="units"')]
    assert head.count("nothing is judged now") == 1
    assert 'class="verdict plain"' in head
    assert f"Not possible now: while nothing is judged none is asked for ({why})." in Text(html).text


def test_what_systemd_has_given_up_is_freed_though_another_only_hangs() -> None:
    rows = {
        "a.service": {"status": "check failed", "active_state": "active"},
        "b.service": {"status": "given up", "active_state": "failed"},
    }
    assert steps.again(list(rows), rows) == "systemctl reset-failed b && systemctl restart a b"
