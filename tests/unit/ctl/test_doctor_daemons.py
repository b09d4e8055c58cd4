"""The doctor and `standfastctl status` never contradict each other: what the one calls wrong the other knows too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.ctl.test_doctor_rules import findings, healthy, own, watched
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import NOW, shot

from standfast import __version__
from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, Gravity
from standfast.ctl.doctor.gather.told import with_statuses
from standfast.ctl.doctor.rules import RULES
from standfast.moments import iso
from standfast.overview.problems import problems
from standfast.overview.snapshot import Snapshot, Source
from standfast.unit_names import MASTER_RESTART, NOTIFIER, agent_unit

OLD = iso(NOW - timedelta(minutes=3))
FAILS = {"name": "webhook", "queued": 1, "oldest_queued": iso(NOW - timedelta(seconds=50)), "failing": "HTTP 500"}
REFUSES = {"name": "sms", "refusing": "the daily cap of 2 is reached"}
BLIND = {"healthy": None, "last_check": statuses.AT, "detail": "no such module"}
MUTE = {"type": "CANARY_LOST", "unit": NOTIFIER, "well": False, "detail": "the notifier did not pass a canary on"}


def snapshot(detector: Any = None, notifier: Any = None, agent: Any = None, **more: Any) -> Snapshot:
    version = {"version": __version__}
    found = shot(
        {**statuses.detector(), **version, **(detector or {})},
        {**statuses.notifier(), **version, **(notifier or {})},
        paper={**statuses.agent(), **version, **(agent or {})},
    )
    return replace(found, **more)


def health(**row: Any) -> dict[str, Any]:
    rows = statuses.detector()["service_health"]
    return {"service_health": {name: {**of_unit, **row} for name, of_unit in rows.items()}}


def doctor(shown: Snapshot, facts: Facts | None = None) -> list[Finding]:
    """All that the doctor says of an installation with which nothing else is wrong."""
    known = with_statuses(facts or healthy(), shown)
    return [one for name, _ in RULES for one in findings(name, known)]


def test_where_status_finds_nothing_wrong_the_doctor_does_not_either() -> None:
    assert problems(snapshot()) == []
    assert doctor(snapshot()) == []


def test_a_channel_that_does_not_deliver_is_wrong_with_the_installation() -> None:
    (found,) = doctor(snapshot(notifier={"channels": [FAILS]}))
    assert found.gravity is Gravity.WRONG
    assert found.what == "Channel webhook does not deliver (1 queued, the oldest for 50 s): HTTP 500"
    assert found.step == ("see [channels.webhook] in notifier.toml, then standfastctl test-notify --channel webhook")


SAID: list[tuple[str, Snapshot]] = [
    ("a channel that fails", snapshot(notifier={"channels": [FAILS]})),
    ("a channel that refuses", snapshot(notifier={"channels": [REFUSES]})),
    ("a detector that is silent", snapshot(detector={"checked_at": OLD})),
    ("a notifier that is silent", snapshot(notifier={"checked_at": OLD})),
    ("an agent that is silent", snapshot(agent={"checked_at": OLD})),
    ("a notifier that is mute", snapshot(check=Source({"checked_at": statuses.AT, "answers": [MUTE]}))),
    ("a detector that cannot remember", snapshot(detector={"notes": ["cannot open /x: full; see that it has room"]})),
    ("agents that cannot be looked for", snapshot(agents_trouble="cannot look for agents in /x: shut; see the modes")),
    ("a unit that is not known", snapshot(detector=health(status="unknown", why="there is no such unit"))),
    ("a check that cannot look", snapshot(detector=health(checks={"port": BLIND}))),
    ("an agent that takes up something later", snapshot(agent={"waits_for_restart": ["strategy"]})),
]


@pytest.mark.parametrize("shown", [one for _, one in SAID], ids=[name for name, _ in SAID])
def test_what_status_says_of_standfast_itself_the_doctor_says_in_the_same_words(shown: Snapshot) -> None:
    (line,) = problems(shown)
    (found,) = doctor(shown)
    assert f"{found.what}; {found.step}" == line
    is_hurried = not shown.agents["paper"].get("waits_for_restart")
    assert found.gravity is (Gravity.WRONG if is_hurried else Gravity.NOTE)


FLEET: list[tuple[str, Snapshot]] = [
    ("a level", snapshot(detector={"failure_level": "CRITICAL", "reasons": ["2 critical units fail"]})),
    ("an agent in ERROR", snapshot(agent={"state": "ERROR", "reason": "bad key"})),
    ("an agent that waits", snapshot(agent={"state": "WAITING", "reason": "no gateway"})),
    ("a problem", snapshot(notifier=statuses.notifier(statuses.error()))),
]


@pytest.mark.parametrize("shown", [one for _, one in FLEET], ids=[name for name, _ in FLEET])
def test_what_is_the_fleets_is_noted_and_no_fault_of_the_installation(shown: Snapshot) -> None:
    first, *others = problems(shown)
    (found,) = doctor(shown)
    assert (found.gravity, found.step) == (Gravity.NOTE, "standfastctl status")
    assert found.what.endswith(
        f"no fault of this installation: {first}" + (f" (and {len(others)} more)" * bool(others))
    )


def test_a_unit_of_which_systemd_says_why_it_is_not_there_is_told_once() -> None:
    name = "trade_manager.service"
    facts = replace(healthy(), **watched(trade_manager={"LoadState": "not-found"}))
    shown = snapshot(detector=health(status="unknown", why="there is no such unit"))
    told = [one for one in doctor(shown, facts) if name in one.what]
    assert [one.what for one in told if "watched in vain" in one.what] == []


def test_what_clears_a_master_restart_that_failed_is_its_step() -> None:
    line = "The last master restart failed, and all is well now: systemctl reset-failed standfast-master-restart clears"
    found = doctor(snapshot(detector={"notes": [line]}), replace(healthy(), **own(MASTER_RESTART)))
    (one,) = [one for one in found if one.what.startswith("The last")]
    assert one.step == "systemctl reset-failed standfast-master-restart clears"


@pytest.mark.parametrize("unit", [NOTIFIER, agent_unit("paper")])
def test_a_refused_reload_is_told_by_the_unit(unit: str) -> None:
    refused = "not reloaded, what was in force stays so: x.toml: a mistake"
    facts = replace(healthy(), **own(unit, StatusText=f"all well; {refused}"))
    changes: dict[str, Any] = {"reload_refused": refused}
    shown = snapshot(notifier=changes) if unit == NOTIFIER else snapshot(agent=changes)
    assert len(problems(shown)) == 1
    (found,) = doctor(shown, facts)
    assert (found.gravity, refused in found.what) == (Gravity.WRONG, True)
