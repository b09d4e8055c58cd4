"""Who may say what."""

import pytest
from tests.unit.notifier.events import AGENT

from standfast.events import Event, Kind
from standfast.notifier.authorise import Speaker, Trust, Verdict, authorise

TRUST = Trust(
    {
        Speaker.STANDFAST: frozenset({101}),
        Speaker.AGENT: frozenset({102}),
        Speaker.ADMIN: frozenset({0, 103}),
        Speaker.LISTED: frozenset({104}),
    }
)
OTHER = "a.service"


@pytest.mark.parametrize(
    ("uid", "kind", "unit", "systemd_unit", "verdict"),
    [
        (None, Kind.PROBLEM, OTHER, OTHER, Verdict.NO_USER),
        (999, Kind.PROBLEM, OTHER, OTHER, Verdict.STRANGER),
        (101, Kind.PROBLEM, OTHER, "standfast-detector.service", Verdict.ALLOWED),
        (101, Kind.LEVEL, "standfast-detector.service", "standfast-detector.service", Verdict.ALLOWED),
        (101, Kind.CANARY, "", "standfast-check.service", Verdict.ALLOWED),
        (101, Kind.COMMAND, "", "", Verdict.NOT_ITS_KIND),
        (102, Kind.PROBLEM, AGENT, AGENT, Verdict.ALLOWED),
        (102, Kind.PROBLEM, AGENT, "", Verdict.ALLOWED),
        (102, Kind.STATUS, AGENT, AGENT, Verdict.ALLOWED),
        (102, Kind.UPDATE, AGENT, AGENT, Verdict.ALLOWED),
        (102, Kind.UPDATE, "standfast-agent@other.service", AGENT, Verdict.NOT_ITS_UNIT),
        (102, Kind.SHUTDOWN, AGENT, AGENT, Verdict.ALLOWED),
        (102, Kind.SHUTDOWN, "standfast-agent@other.service", AGENT, Verdict.NOT_ITS_UNIT),
        (102, Kind.PROBLEM, "standfast-detector.service", AGENT, Verdict.NOT_ITS_UNIT),
        (102, Kind.RESOLVED, "standfast-detector.service", "", Verdict.NOT_ITS_UNIT),
        (102, Kind.RESTART, AGENT, AGENT, Verdict.NOT_ITS_KIND),
        (102, Kind.COMMAND, AGENT, AGENT, Verdict.NOT_ITS_KIND),
        (0, Kind.COMMAND, "", "", Verdict.ALLOWED),
        (0, Kind.RESTART, "standfast-master-restart.service", "standfast-master-restart.service", Verdict.ALLOWED),
        (0, Kind.SHUTDOWN, AGENT, "", Verdict.NOT_ITS_KIND),
        (103, Kind.COMMAND, "", "user@1000.service", Verdict.ALLOWED),
        (103, Kind.PROBLEM, OTHER, "session-1.scope", Verdict.ALLOWED),
        (104, Kind.PROBLEM, OTHER, "cron.service", Verdict.ALLOWED),
        (104, Kind.RESOLVED, "standfast-detector.service", "cron.service", Verdict.NOT_ITS_UNIT),
        (104, Kind.COMMAND, OTHER, "", Verdict.NOT_ITS_KIND),
        (104, Kind.STATUS, OTHER, "", Verdict.NOT_ITS_KIND),
    ],
)
def test_who_may_say_what(uid: int | None, kind: Kind, unit: str, systemd_unit: str, verdict: Verdict) -> None:
    assert authorise(Event(kind, "words", "TYPE", unit=unit), uid, systemd_unit, TRUST) is verdict


def test_a_user_of_two_roles_may_what_either_may() -> None:
    trust = Trust({Speaker.AGENT: frozenset({5}), Speaker.LISTED: frozenset({5})})
    assert authorise(Event(Kind.PROBLEM, "", "T", unit=OTHER), 5, OTHER, trust) is Verdict.ALLOWED
    assert authorise(Event(Kind.STATUS, "", "T", unit=AGENT), 5, AGENT, trust) is Verdict.ALLOWED
