"""Alerts: their form, their peers, and that they stay alive while a problem is unresolved."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from tests.unit.notifier.events import at, problem, resolved
from tests.unit.notifier.fold import Fold, kinds
from tests.unit.notifier.provider_servers import ProviderServer, Reply

from standfast.events import Severity
from standfast.notifier.channel_config import AlertmanagerConfig
from standfast.notifier.channels.alertmanager import AlertmanagerChannel, alerts_of
from standfast.notifier.channels.channel import Outcome
from standfast.notifier.tick import next_due

EVENT = {
    "type": "DOWN",
    "unit": "a.service",
    "severity": "warning",
    "message": "it is down",
    "action": "",
    "first_occurrence": "2026-03-02T09:30:00.000+00:00",
    "last_occurrence": "2026-03-02T09:31:00.000+00:00",
    "occurrences": 2,
    "resolved": False,
}
BODY = {"kind": "problem", "host": "box1", "title": "DOWN a.service", "at": "2026-03-02T09:40:00.000+00:00"}


class Alertmanager(ProviderServer):
    def answer(self, request: BaseHTTPRequestHandler, raw: str) -> Reply:
        if (request.command, request.path) == ("GET", "/api/v2/status"):
            return Reply(200, '{"cluster": {"status": "ready"}}')
        if request.path != "/api/v2/alerts" or not isinstance(json.loads(raw), list):
            return Reply(404)
        self.took.append({"alerts": raw})
        return Reply(200)


@pytest.fixture
def peers() -> Iterator[tuple[Alertmanager, Alertmanager]]:
    with Alertmanager() as one, Alertmanager() as two:
        yield one, two


def deliver(*peers: Alertmanager) -> Outcome:
    channel = AlertmanagerChannel(AlertmanagerConfig(tuple(peer.url for peer in peers), timeout_s=0.5))
    try:
        return channel.deliver({**BODY, "events": [EVENT]}).outcome
    finally:
        channel.close()


def test_an_unresolved_problem_is_an_alert_that_lives_for_a_while() -> None:
    (alert,) = alerts_of({**BODY, "events": [EVENT]}, at(600), timedelta(seconds=240))
    assert alert == {
        "labels": {
            "alertname": "DOWN",
            "unit": "a.service",
            "instance": "box1",
            "severity": "warning",
            "source": "standfast",
        },
        "annotations": {"summary": "DOWN a.service", "description": "it is down"},
        "startsAt": "2026-03-02T09:30:00.000+00:00",
        "endsAt": "2026-03-02T09:44:00.000+00:00",
    }


def test_each_alert_of_a_message_has_its_own_summary() -> None:
    body = {**BODY, "title": "STILL UNRESOLVED: 2 problems", "events": [EVENT, {**EVENT, "unit": ""}]}
    alerts = alerts_of(body, at(600), timedelta(seconds=240))
    assert [alert["annotations"]["summary"] for alert in alerts] == ["DOWN a.service", "DOWN"]


def test_a_recovery_ends_its_alert() -> None:
    (alert,) = alerts_of({**BODY, "events": [{**EVENT, "resolved": True}]}, at(9999), timedelta(seconds=240))
    assert alert["endsAt"] == BODY["at"]


def test_every_peer_gets_it(peers: tuple[Alertmanager, Alertmanager]) -> None:
    assert deliver(*peers) is Outcome.DELIVERED
    assert [len(peer.took) for peer in peers] == [1, 1]


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (Reply(500), None, Outcome.DELIVERED),
        (Reply(400), None, Outcome.DELIVERED),
        (Reply(500), Reply(400), Outcome.RETRY),
        (Reply(hang=True), Reply(503), Outcome.RETRY),
        (Reply(reset=True), Reply(cut=True), Outcome.RETRY),
        (Reply(400), Reply(404), Outcome.REFUSED),
    ],
)
def test_one_peer_that_takes_it_is_enough(
    peers: tuple[Alertmanager, Alertmanager], first: Reply, second: Reply | None, outcome: Outcome
) -> None:
    peers[0].replies.append(first)
    if second:
        peers[1].replies.append(second)
    assert deliver(*peers) is outcome


def test_an_alertmanager_that_asks_to_wait_is_waited_for() -> None:
    with Alertmanager() as peer:
        peer.replies.append(Reply(429, headers={"Retry-After": "7"}))
        channel = AlertmanagerChannel(AlertmanagerConfig((peer.url,), timeout_s=0.5))
        answer = channel.deliver({**BODY, "events": [EVENT]})
        channel.close()
    assert (answer.outcome, answer.retry_after_s) == (Outcome.RETRY, 7.0)


def test_what_stays_unresolved_is_sent_again_and_what_is_over_is_not() -> None:
    fold = Fold('[channels.journal]\n[channels.alertmanager]\nurls = ["http://127.0.0.1:9"]')
    fold.hear(problem(0, severity=Severity.CRITICAL))
    assert kinds(fold.tick(0)) == ["problem", "resend"]
    assert next_due(fold.ledger, fold.config, at(0)) == at(60)
    assert fold.tick(59) == []
    (draft,) = fold.tick(60)
    assert (draft.kind.value, draft.to.channels) == ("resend", ("alertmanager",))
    fold.hear(resolved(70))
    assert kinds(fold.tick(75)) == ["recovery"]
    assert next_due(fold.ledger, fold.config, at(75)) is None
    assert fold.tick(1000) == []


def test_held_problems_and_other_routes_are_not_sent_again() -> None:
    routes = '[[route]]\nseverity = ["critical"]\nchannels = ["journal"]\n'
    fold = Fold('[channels.journal]\n[channels.alertmanager]\nurls = ["http://127.0.0.1:9"]\n' + routes)
    fold.hear(problem(0, "ELSEWHERE", severity=Severity.CRITICAL))
    fold.hear(problem(0, "HELD"))
    assert kinds(fold.tick(1)) == ["problem"]


@pytest.mark.parametrize(
    ("first", "second", "good"),
    [
        (None, None, True),
        (Reply(500), None, True),
        (Reply(401), Reply(401), False),
        (Reply(503), Reply(503), None),
        (Reply(hang=True), Reply(hang=True), None),
    ],
)
def test_it_can_be_asked_without_an_alert(
    peers: tuple[Alertmanager, Alertmanager], first: Reply | None, second: Reply | None, good: bool | None
) -> None:
    for peer, reply in zip(peers, (first, second), strict=True):
        peer.replies.extend([reply] if reply else [])
    channel = AlertmanagerChannel(AlertmanagerConfig(tuple(peer.url for peer in peers), timeout_s=0.5))
    standing = channel.standing()
    channel.close()
    assert standing.good is good
    assert [peer.took for peer in peers] == [[], []]


def test_an_alert_of_a_problem_that_has_become_worse_stays_where_it_was_told() -> None:
    routes = '[[route]]\nseverity = ["critical"]\nchannels = ["journal"]\n'
    fold = Fold('[channels.journal]\n[channels.alertmanager]\nurls = ["http://127.0.0.1:9"]\n' + routes)
    fold.hear(problem(0))
    fold.tick(60)
    fold.hear(problem(70, severity=Severity.CRITICAL))
    assert kinds(fold.drafts()) == ["problem"]
    assert kinds(fold.tick(120)) == ["resend"]
    fold.hear(resolved(130))
    assert [draft.to.channels for draft in fold.tick(135)] == [("journal", "alertmanager")]
