"""A channel that is reached as a fallback stands in for the one that failed: repetitions and the end too."""

import json
from pathlib import Path
from typing import Any

from tests.fakes.private_journal import PrivateJournal
from tests.fakes.webhook_sink import Fault, WebhookSink
from tests.unit.notifier.process import Notifier, config, wait_until
from tests.unit.notifier.test_alertmanager import Alertmanager


def alerts(peer: Alertmanager) -> list[dict[str, Any]]:
    return [alert for took in peer.took for alert in json.loads(took["alerts"])]


def test_an_alertmanager_that_is_reached_as_a_fallback_hears_of_it_again_and_of_its_end(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    sink.faults.append(Fault.GONE)
    with Alertmanager() as peer:
        more = (
            f'[channels.alertmanager]\nurls = ["{peer.url}"]\nresend_s = 1\n'
            '[[route]]\nchannels = ["webhook"]\nfallback = ["alertmanager"]\n'
        )
        with Notifier(journal, tmp_path, config(sink) + more) as notifier:
            notifier.emit("problem", "FEED_LONG")
            wait_until(lambda: len(alerts(peer)) >= 3, "the alert, and the same again")
            notifier.emit("resolved", "FEED_LONG")
            sink.wait_for(1)
            wait_until(lambda: alerts(peer)[-1]["endsAt"] <= notifier.query(RESOLVED_AT)[0][0], "its end")
    assert {alert["labels"]["alertname"] for alert in alerts(peer)} == {"FEED_LONG"}


RESOLVED_AT = "SELECT max(created_at) FROM messages WHERE kind = 'recovery'"
