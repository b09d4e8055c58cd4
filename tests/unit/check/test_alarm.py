"""A check that failed is told, in words that lead to the cause, and shouted when nobody else can tell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from standfast.check import alarm, findings, memory
from standfast.check.findings import Answer
from standfast.check.memory import Memory
from standfast.unit_names import NOTIFIER

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DOWN = findings.runs(NOTIFIER, "failed")
CAME = Answer(findings.CANARY, True, "words")


@pytest.mark.parametrize(
    ("result", "status", "words", "action"),
    [
        ("exit-code", "243", "a stored secret cannot be decrypted (243/CREDENTIALS)", "standfastctl doctor names"),
        ("exit-code", "78", "check.toml has a mistake", "standfastctl check-config"),
        ("exit-code", "1", "failed: exit-code 1", "journalctl -u standfast-check.service"),
        ("signal", "KILL", "failed: signal KILL", "journalctl"),
        ("timeout", "78", "failed: timeout 78", "journalctl"),
        (None, None, "failed: an unknown result", "journalctl"),
    ],
)
def test_why_a_check_failed(result: str | None, status: str | None, words: str, action: str) -> None:
    said = {"MONITOR_SERVICE_RESULT": result, "MONITOR_EXIT_STATUS": status}
    found = alarm.failure({name: value for name, value in said.items() if value is not None})
    assert found.well is False
    assert words in found.words
    assert found.question.action.startswith(action)
    assert found.question.identity == alarm.none().question.identity


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ((), "a stored secret cannot be decrypted (243/CREDENTIALS)"),
        (("smtp-password",), "the secret smtp-password cannot be decrypted (243/CREDENTIALS)"),
        (("a", "b"), "one of the secrets a, b cannot be decrypted (243/CREDENTIALS)"),
    ],
)
def test_which_secret_it_may_be_is_said(stored: tuple[str, ...], words: str) -> None:
    said = {"MONITOR_SERVICE_RESULT": "exit-code", "MONITOR_EXIT_STATUS": "243"}
    assert alarm.is_about_secrets(said)
    assert words in alarm.failure(said, stored).words
    assert "secret a" not in alarm.failure({**said, "MONITOR_SERVICE_RESULT": "signal"}, stored).words


def test_a_mistake_in_its_configuration_is_named() -> None:
    said = {"MONITOR_SERVICE_RESULT": "exit-code", "MONITOR_EXIT_STATUS": "78"}
    mistake = "/etc/standfast/check.toml:44: deadman.nonsense: expected a known key"
    found = alarm.failure(said, (), mistake)
    assert found.words == f"standfast-check.service failed: check.toml has a mistake: {mistake}"
    assert mistake not in alarm.failure({**said, "MONITOR_EXIT_STATUS": "1"}, (), mistake).words


@pytest.mark.parametrize(
    ("others", "is_told", "is_unheard"), [((DOWN,), False, True), ((DOWN,), True, False), ((CAME,), False, False)]
)
def test_it_is_unheard_when_neither_the_notifier_nor_a_channel_told_it(
    others: tuple[Answer, ...], is_told: bool, is_unheard: bool
) -> None:
    failed = alarm.failure({})
    kept = memory.after_looks(Memory(), [failed], NOW)
    if is_told:
        kept = memory.after_telling(kept, [failed.question.identity], NOW)
    assert alarm.is_unheard((failed, *others), kept) is is_unheard
    assert alarm.is_unheard((alarm.none(), *others), Memory()) is False
