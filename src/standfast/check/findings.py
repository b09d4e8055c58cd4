"""What the check asks, and what it makes of what it finds. Pure."""

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.prediction.wording import size
from standfast.events import Severity
from standfast.notifier.channels.channel import Standing
from standfast.notifier.model import Identity
from standfast.notifier.route import credentials_refused
from standfast.time_words import span
from standfast.unit_names import CHECK, NOTIFIER

# So many of those that are well are named.
_NAMED: Final = 5
BY_ITSELF: Final = "{} (told by the check timer, since the notifier does not)"


# systemd.exec(5): what a unit ends with before its program has begun, in the places where a service of ours can fail.
EXIT_CREDENTIALS: Final = 243
_STORE_ANEW: Final = "standfastctl doctor names the secret; store it anew with standfastctl secret set NAME"
_EXIT_NAMES: Final[Mapping[int, str]] = {
    78: "CONFIG",
    203: "EXEC",
    217: "USER",
    226: "NAMESPACE",
    EXIT_CREDENTIALS: "CREDENTIALS",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is checked: a problem's identity, and what to do when it is not well.

    Attributes:
        after: in how many looks in a row it must be found not well before that is a problem.
    """

    type: str
    unit: str
    severity: Severity
    action: str = field(compare=False)
    after: int = 1

    @property
    def identity(self) -> Identity:
        """Its type and unit."""
        return Identity(self.type, self.unit)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: well, not well (with the trouble in words), or unknown (None).

    Attributes:
        since: since when it is so, where that is known to be earlier than the look.
        is_new: whether it is to be logged also where the last look found it already.
        count: how often it happened, where that is known; else each look that finds it is an occurrence.
        mistake: the first mistake of a configuration, with its file and line, and how many more there are.
    """

    question: Question
    well: bool | None
    words: str
    since: datetime | None = None
    is_new: bool = True
    count: int = field(default=0, compare=False)
    mistake: str = field(default="", compare=False)


def watcher_down(unit: str) -> Question:
    """Whether a watcher runs."""
    return Question(
        "WATCHER_DOWN", unit, Severity.CRITICAL, _start_again(unit, f"systemctl status {unit} says why; mend that")
    )


def _start_again(unit: str, first: str) -> str:
    return f"{first}, then systemctl start {unit}"


def watcher_stuck(unit: str) -> Question:
    """Whether a watcher's loop turns."""
    return Question("WATCHER_STUCK", unit, Severity.CRITICAL, f"systemctl restart {unit}")


CANARY: Final = Question(
    "CANARY_LOST",
    NOTIFIER,
    Severity.CRITICAL,
    f"systemctl restart {NOTIFIER}; what held it up: journalctl -u {NOTIFIER} -n 50",
)
DATABASES: Final = Question(
    "DATABASE_DAMAGED", CHECK, Severity.CRITICAL, "Stop what writes to it, then restore it from its backup"
)
FILES: Final = Question("CRITICAL_FILE_BAD", CHECK, Severity.WARNING, "Put the file back, or correct it")
# The outside may be away for a moment; its silence is a problem only when it lasts.
DEADMAN: Final = Question(
    "DEADMAN_PING_FAILED", CHECK, Severity.WARNING, "See url of [deadman] in check.toml, and the network", after=3
)


@dataclass(frozen=True, slots=True)
class LastEnd:
    """How a unit's main process ended last, as systemd says it (Result=, ExecMainStatus=)."""

    result: str
    status: int

    def __str__(self) -> str:
        if self.result == "exit-code":
            name = _EXIT_NAMES.get(self.status)
            return f"exit code {self.status}/{name}" if name else f"exit code {self.status}"
        return f"signal {self.status}" if self.result == "signal" else self.result


def runs(unit: str, active_state: str, since: datetime | None = None, ended: LastEnd | None = None) -> Answer:
    """Whether a watcher's unit is up; one that its operator stopped is not, and that is worth telling."""
    is_up = active_state in ("active", "reloading")
    words = f"{unit} is {active_state}"
    if is_up or ended is None or ended.result in ("", "success"):
        return Answer(watcher_down(unit), is_up, words, since)
    what = "does not start, systemd tries it again and again" if active_state == "activating" else f"is {active_state}"
    question = watcher_down(unit)
    if ended.result == "exit-code" and ended.status == EXIT_CREDENTIALS:
        question = replace(question, action=_start_again(unit, _STORE_ANEW))
        ended_words = f"{ended}, a stored secret cannot be decrypted"
    else:
        ended_words = str(ended)
    return Answer(question, False, f"{unit} {what}: {ended_words}", since)


def turns(unit: str, age_s: float | None, limit_s: float, since: datetime | None = None) -> Answer:
    """Whether a watcher's status is fresh; None: it has none yet."""
    if age_s is None:
        return Answer(watcher_stuck(unit), None, f"{unit} has no status")
    is_fresh = age_s <= limit_s
    words = f"{unit} looked last {span(age_s)} ago"
    return Answer(watcher_stuck(unit), is_fresh, words, None if is_fresh else since)


def is_down(watchers: Iterable[Answer]) -> bool:
    """Whether the notifier's unit is down: a canary need not be waited for."""
    return any(one.question == watcher_down(NOTIFIER) and one.well is False for one in watchers)


def canary(came: bool | None, within_s: float, watchers: tuple[Answer, ...]) -> Answer:
    """Whether the notifier passed the canary on; of one that is down or stuck that is said already."""
    if came is None:
        return Answer(CANARY, None, "the journal cannot be read")
    if came:
        return Answer(CANARY, True, "a canary came through the notifier")
    if any(one.question.unit == NOTIFIER and one.well is False for one in watchers):
        return Answer(CANARY, None, "the notifier is not there to pass it on")
    return Answer(CANARY, False, f"the notifier did not pass a canary on within {within_s:g} s: it delivers nothing")


def disk(mount: str, unit: str, free: Mapping[str, tuple[int, int]], lowest_share: float) -> Answer:
    """Whether there is room on a disk; `free` has (free, all) of its bytes and of its inodes."""
    question = Question("DISK_SPACE_LOW", unit, Severity.WARNING, f"df -h {mount}; df -i {mount}; make room there")
    shares = {what: left / total for what, (left, total) in free.items() if total}
    if not shares:
        return Answer(question, None, f"the disk at {mount} does not say how full it is")
    scarcest = min(shares, key=lambda what: shares[what])
    left = free[scarcest][0]
    amount = size(left) if scarcest == "bytes" else f"{left} {scarcest}"
    words = f"{shares[scarcest]:.1%} of the disk at {mount} are free ({amount})"
    return Answer(question, shares[scarcest] >= lowest_share, words)


def together(question: Question, found: Mapping[str, Finding]) -> Answer:
    """Several findings as the answer to one question: all is well only where all could be looked at."""
    failed = [f"{name} ({finding.detail})" for name, finding in found.items() if finding.outcome is Outcome.FAIL]
    unknown = [f"{name} ({finding.detail})" for name, finding in found.items() if finding.outcome is Outcome.UNKNOWN]
    if failed:
        return Answer(question, False, ", ".join(failed))
    if unknown:
        return Answer(question, None, ", ".join(unknown))
    return Answer(question, True, _are(tuple(found), "well"))


def _are(names: Sequence[str], what: str) -> str:
    """That these are so; of very many the first are named."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} {'is' if len(names) == 1 else 'are'} {what}"


def databases(found: Mapping[str, Finding], paths: Mapping[str, str], before: Collection[str] = ()) -> Answer:
    """Whether the fleet's databases read.

    Args:
        paths: where each lies.
        before: those that were damaged when they were looked at last.
    """
    answer = together(DATABASES, found)
    damaged = [paths[name] for name, finding in found.items() if finding.outcome is Outcome.FAIL]
    if damaged:
        return replace(answer, question=replace(DATABASES, action=_restore(damaged)))
    mended = [name for name in found if name in before]
    return replace(answer, words=_are(mended, "well again")) if answer.well and mended else answer


def _restore(damaged: Sequence[str]) -> str:
    """What to do about damaged databases, with what every host has: Debian has no fuser or lsof from the start."""
    it = "it from its backup" if len(damaged) == 1 else "each from its backup"
    # The files beside it too: its write-ahead log is open while it is.
    files = " -o ".join(f"-lname {shlex.quote(f'{path}*')}" for path in damaged)
    look = f"find /proc/[0-9]*/fd {files}; its number there: systemctl status NUMBER"
    return f"Stop what writes to {', '.join(damaged)} ({look}), then restore {it}"


def channel(name: str, standing: Standing) -> Answer:
    """Whether a channel's other side still knows us."""
    action = (
        f"See [channels.{name}] in notifier.toml; a new secret: standfastctl secret set, then "
        f"systemctl restart {NOTIFIER} && standfastctl test-notify --channel {name}"
    )
    question = Question(credentials_refused(name), NOTIFIER, Severity.CRITICAL, action)
    if standing.good is False:
        return Answer(question, False, f"{name} refuses us: {standing.detail}")
    return Answer(question, standing.good, f"{name}: {standing.detail or 'knows us'}")


def configuration(file: str, unit: str, mistake: str) -> Answer:
    """Whether a daemon would start with its configuration as it is now; one that is being written has its time.

    Args:
        mistake: the first one, with its file and line; "" where there is none.
    """
    action = f"standfastctl check-config, correct what it names, then systemctl reload {unit}"
    question = Question("CONFIGURATION_BAD", unit, Severity.WARNING, action, after=2)
    if not mistake:
        return Answer(question, True, f"{file} is correct")
    words = f"{unit} does not start with {file} as it is, and keeps the old while it runs: {mistake}"
    return Answer(question, False, words, mistake=mistake)


def with_causes(watchers: Iterable[Answer], configurations: Iterable[Answer]) -> tuple[Answer, ...]:
    """The watchers, those that are down and could not start with their configuration with that as what to do first."""
    wrong = {one.question.unit: one.mistake for one in configurations if one.well is False}
    return tuple(
        _misconfigured(one, wrong[one.question.unit]) if one.well is False and one.question.unit in wrong else one
        for one in watchers
    )


def _misconfigured(watcher: Answer, mistake: str) -> Answer:
    unit = watcher.question.unit
    if watcher.question != watcher_down(unit):
        return watcher
    action = f"standfastctl check-config, correct what it names, then systemctl start {unit}"
    words = f"{watcher.words}; its configuration has a mistake: {mistake}"
    return replace(watcher, question=replace(watcher.question, action=action), words=words)


def ping(finding: Finding) -> Answer:
    """Whether the dead-man address took a ping."""
    if finding.outcome is Outcome.OK:
        return Answer(DEADMAN, True, "the dead-man address took the ping")
    return Answer(DEADMAN, False, f"the dead-man address does not take pings: {finding.detail}")


def unasked(question: Question, why: str) -> Answer:
    """What could not be looked at in this run."""
    return Answer(question, None, why)


def all_hold(answers: tuple[Answer, ...]) -> bool:
    """Whether both watchers run, turn, and the canary came through: what the dead-man's switch stands for."""
    return bool(answers) and all(answer.well for answer in answers)


def by_itself(answer: Answer) -> Answer:
    """The answer as people read it when the check itself tells it."""
    return replace(answer, words=BY_ITSELF.format(answer.words))


def in_words(answers: Iterable[Answer]) -> str:
    """All that was found in one line: only what is wrong, and what could not be looked at, is named."""
    listed = tuple(answers)
    parts = [
        f"{len(found)} {what} ({'; '.join(found)})"
        for what, well in (("not well", False), ("could not be looked at", None))
        if (found := [one.words for one in listed if one.well is well])
    ]
    return ", ".join(parts) or "all is well"
