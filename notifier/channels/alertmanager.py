"""Prometheus' Alertmanager, by its v2 API: problems are alerts, for users who collect them from many hosts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import requests

from standfast.clock import utc_now
from standfast.moments import from_iso, iso
from standfast.notifier.backoff import retry_after_s
from standfast.notifier.channel_config import AlertmanagerConfig
from standfast.notifier.channels.channel import Answer, Body, Outcome, Standing

# An alert lives for so many resends without one, as Prometheus does it: a lost one resolves nothing.
RESENDS_TO_LIVE: Final = 4
_PASSING: Final = frozenset({408, 429})
_NOT_US: Final = frozenset({401, 403})
_RANK: Final = (Outcome.DELIVERED, Outcome.RETRY, Outcome.REFUSED)


class AlertmanagerChannel:
    """Posts to every peer of a cluster, which tell each other; one that takes it is enough."""

    def __init__(self, config: AlertmanagerConfig) -> None:
        self._config = config
        self._session = requests.Session()

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Post the message's events as alerts."""
        alerts = alerts_of(body, utc_now(), timedelta(seconds=self._config.resend_s * RESENDS_TO_LIVE))
        answers = [self._post(url, alerts) for url in self._config.urls]
        return min(answers, key=lambda answer: _RANK.index(answer.outcome))

    def standing(self) -> Standing:
        """Whether one of the peers answers, at the same door that takes alerts."""
        found = [self._status(url) for url in self._config.urls]
        return next((one for one in found if one.good), found[0])

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _status(self, url: str) -> Standing:
        try:
            with self._session.get(
                f"{url.rstrip('/')}/api/v2/status", timeout=self._config.timeout_s, allow_redirects=False, stream=True
            ) as response:
                status, detail = response.status_code, f"HTTP {response.status_code} {response.reason or ''}".strip()
        except requests.RequestException as error:
            return Standing(None, f"cannot reach an Alertmanager: {type(error).__name__}")
        if 200 <= status < 300:
            return Standing(True, detail)
        return Standing(False if status in _NOT_US else None, detail)

    def _post(self, url: str, alerts: list[dict[str, Any]]) -> Answer:
        try:
            response = self._session.post(
                f"{url.rstrip('/')}/api/v2/alerts", json=alerts, timeout=self._config.timeout_s, allow_redirects=False
            )
        except requests.RequestException as error:
            return Answer(Outcome.RETRY, f"cannot reach an Alertmanager: {type(error).__name__}")
        status = response.status_code
        detail = f"HTTP {status} {response.reason or ''}".strip()
        if 200 <= status < 300:
            return Answer(Outcome.DELIVERED, detail)
        if 300 <= status < 500 and status not in _PASSING:
            return Answer(Outcome.REFUSED, f"{detail}: {response.text[:200]}")
        return Answer(Outcome.RETRY, detail, retry_after_s(response.headers.get("Retry-After"), utc_now()))


def alerts_of(body: Body, now: datetime, lives: timedelta) -> list[dict[str, Any]]:
    """The alerts of a message: unresolved ones end by themselves when they are not sent again for that long."""
    return [_alert(body, event, now, lives) for event in body["events"]]


def _summary(body: Body, event: Mapping[str, Any]) -> str:
    """A message's title is about all of it, and says how often it was said; an alert is one problem, and lasts."""
    return " ".join(filter(None, (event["type"], event["unit"]))) or str(body["title"])


def _alert(body: Body, event: Mapping[str, Any], now: datetime, lives: timedelta) -> dict[str, Any]:
    starts_at = from_iso(event["first_occurrence"])
    ends_at = from_iso(body["at"]) if event["resolved"] else now + lives
    labels = {
        "alertname": event["type"] or body["kind"].upper(),
        "unit": event["unit"],
        "instance": body["host"],
        "severity": event["severity"],
        "source": "standfast",
    }
    annotations = {"summary": _summary(body, event), "description": event["message"], "action": event["action"]}
    return {
        # A label or annotation without a value is none.
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {name: value for name, value in annotations.items() if value},
        "startsAt": iso(starts_at),
        "endsAt": iso(max(ends_at, starts_at + timedelta(milliseconds=1))),
    }
