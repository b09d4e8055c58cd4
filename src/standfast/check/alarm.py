"""A check that failed: how that is known, and what is told of it. Pure.

standfast-alarm.service is started by systemd when standfast-check.service fails, and does its work without its secrets.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from standfast.check import stand_in
from standfast.check.findings import Answer, Question
from standfast.check.memory import Memory
from standfast.events import Severity
from standfast.unit_names import CHECK

OPTION: Final = "--after-failure"
TYPE: Final = "CHECK_FAILED"
# systemd.exec(5): what a unit ends with when a credential of its cannot be set up.
_CREDENTIALS: Final = "243"
_CONFIG: Final = "78"
_A_SECRET: Final = "a stored secret"
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    _CREDENTIALS: (
        f"{_A_SECRET} cannot be decrypted (243/CREDENTIALS), so neither does the notifier start with it",
        "standfastctl doctor names the secret; store it anew: standfastctl secret set NAME",
    ),
    _CONFIG: ("check.toml has a mistake", "standfastctl check-config, correct what it names"),
}


def failure(environ: Mapping[str, str], stored: Sequence[str] = (), mistake: str = "") -> Answer:
    """What is known of the run that failed, from what systemd says to whom it starts for that (systemd.exec(5)).

    Args:
        stored: the encrypted secrets that systemd was to hand over; which of them it could not, it does not say.
        mistake: the first one in check.toml as it is now, with its file and line; "" where there is none.
    """
    result = environ.get("MONITOR_SERVICE_RESULT", "an unknown result")
    status = environ.get("MONITOR_EXIT_STATUS", "")
    why, action = _WORDS.get(
        status if result == "exit-code" else "",
        (f"{result} {status}".strip(), f"journalctl -u {CHECK} -n 50"),
    )
    if is_about_secrets(environ) and stored:
        one = f"the secret {stored[0]}" if len(stored) == 1 else f"one of the secrets {', '.join(stored)}"
        why = why.replace(_A_SECRET, one)
    if mistake and why == _WORDS[_CONFIG][0]:
        why = f"{why}: {mistake}"
    return Answer(_question(action), False, f"{CHECK} failed: {why}")


def is_about_secrets(environ: Mapping[str, str]) -> bool:
    """Whether it failed because systemd could not hand over its secrets."""
    return (environ.get("MONITOR_SERVICE_RESULT"), environ.get("MONITOR_EXIT_STATUS")) == ("exit-code", _CREDENTIALS)


def none() -> Answer:
    """The answer of a run that got so far."""
    return Answer(_question(""), True, f"{CHECK} runs")


def is_unheard(answers: Iterable[Answer], kept: Memory) -> bool:
    """Whether the check failed and nobody was told: the notifier is away, and no channel took it from the check."""
    listed = tuple(answers)
    failed = next((one for one in listed if one.question.type == TYPE and one.well is False), None)
    return failed is not None and stand_in.is_needed(listed) and not stand_in.is_told(kept, failed.question.identity)


def _question(action: str) -> Question:
    return Question(TYPE, CHECK, Severity.CRITICAL, action)
