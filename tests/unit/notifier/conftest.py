"""Fixtures of the notifier's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes import private_journal
from tests.fakes.private_journal import PrivateJournal
from tests.fakes.webhook_sink import WebhookSink
from tests.unit.notifier.process import Notifier, config


@pytest.fixture
def journal() -> Iterator[PrivateJournal]:
    if reason := private_journal.why_not():
        pytest.skip(reason)
    with PrivateJournal() as found:
        yield found


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as found:
        yield found


@pytest.fixture
def notifier(journal: PrivateJournal, sink: WebhookSink, tmp_path: Path) -> Iterator[Notifier]:
    with Notifier(journal, tmp_path, config(sink)) as found:
        yield found
