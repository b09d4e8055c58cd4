"""Giving the daemons commands: events of the calling user, whom journald vouches for; the answer is in the journal."""

import os
import pwd
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from standfast.admins import ADMIN_GROUP, administrators
from standfast.clock import utc_now
from standfast.ctl.answers import Answers, Entry, require_journal
from standfast.ctl.patience import Patience
from standfast.errors import StandfastError
from standfast.events import HEIR, HEIR_TYPE, Event, Kind
from standfast.journal import Journal
from standfast.overview.reading import read_snapshot
from standfast.overview.refusals import REFUSED
from standfast.overview.snapshot import Source
from standfast.unit_names import NOTIFIER, short

IDENTIFIER: Final = "standfastctl"
# By what the notifier's answers are known in the journal.
ANSWERED_AS: Final = "standfast-notifier"
# The notifier reads its journal at least every 5 s, also when nobody rings.
ANSWER_S: Final = 15.0

DONE: Final = "DONE"
REPLACED: Final = "REPLACED"
_NEXT_STEPS: Final[Mapping[str, str]] = {
    "NO_SUCH_PROBLEM": "see standfastctl errors",
    "GAVE_WAY": "see standfastctl errors",
    "NO_SUCH_SILENCE": "those in force are in standfastctl errors",
    "NO_SUCH_CHANNEL": "see [channels] in notifier.toml",
    "BAD": "see journalctl -t standfast-notifier",
}


class OrderError(StandfastError):
    """A command was not followed."""


def require_admin(what: str) -> None:
    """Make sure that the daemons listen to this user.

    Raises:
        OrderError: they do not; it says what to do.
    """
    if os.getuid() not in administrators():
        user = pwd.getpwuid(os.getuid()).pw_name
        raise OrderError(
            f"cannot {what}: only root and the members of {ADMIN_GROUP} may, and {user} is none; use sudo, or "
            f"let an administrator run `usermod -aG {ADMIN_GROUP},systemd-journal {user}` and log in again"
        )


def notifier() -> Source:
    """What the notifier says of itself.

    Raises:
        OrderError: it does not run; it says what to do.
    """
    found = read_snapshot(utc_now()).notifier
    if found.status is None:
        raise OrderError(found.trouble)
    return found


def listen(what: str) -> Answers:
    """Begin to listen to the notifier, once it is clear that this user may give it commands and that it runs.

    Raises:
        OrderError: no answer would come.
        JournalError: or none could be read.
    """
    require_admin(what)
    require_journal(what)
    notifier()
    return Answers(ANSWERED_AS)


def order(kind: str, message: str, **data: Any) -> None:
    """Log a command; whoever awaits its answer listens already.

    Args:
        message: what is asked for, in words. Whether it was done stands in the answer: who reads this alone must not
            take it for done.

    Raises:
        OrderError: journald did not take it.
    """
    if not say(Event(Kind.COMMAND, f"Request: {message[:1].lower()}{message[1:]}", kind, data=data)):
        raise OrderError("cannot hand the command to the journal; see systemctl status systemd-journald")


def say(event: Event) -> bool:
    """Log a command with who gave it: behind sudo the one who called it; whether journald took it."""
    sudo_user = os.environ.get("SUDO_USER") if os.getuid() == 0 else None
    by = {"by": sudo_user} if sudo_user else {}
    with closing(Journal(IDENTIFIER)) as journal:
        journal.emit(replace(event, data={**event.data, **by}))
        return not journal.waiting


def followed(what: str, kind: str, message: str, **data: Any) -> str:
    """Give the notifier a command and wait until it was followed; what came of it: DONE or REPLACED.

    Args:
        what: the doing in words, for the message when it cannot be done.
        data: its `id` is what the answer is known by.

    Raises:
        StandfastError: it was not followed; it says why and what to do.
    """
    answer = answered(what, kind, {str(data["id"]): (message, data)})
    for entry in answer.values():
        return require_done(what, entry)
    raise silent(what)


def answered(what: str, kind: str, commands: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, Entry]:
    """Give the notifier commands of one kind, and wait for its answers.

    Args:
        what: the doing in words, for the message when it cannot be done.
        commands: by its id, the message and the data of each.

    Returns:
        By id the answers; those that did not come in time are missing.

    Raises:
        StandfastError: they could not be given.
    """
    found: dict[str, Entry] = {}
    with closing(listen(what)) as answers:
        for message, data in commands.values():
            order(kind, message, **data)
        for entry in answers.until(Patience(ANSWER_S, "the notifier")):
            if (command := str(entry.get("STANDFAST_COMMAND"))) in commands:
                found[command] = entry
            if len(found) == len(commands):
                break
    return found


def require_done(what: str, entry: Entry) -> str:
    """The notifier's answer to a command.

    Raises:
        OrderError: the command was not followed.
    """
    if why := refusal(entry):
        raise OrderError(f"cannot {what}: {why}")
    return str(entry.get("STANDFAST_RESULT"))


def refusal(entry: Entry) -> str:
    """Why a command was not followed, and what to do; "" where it was."""
    result = str(entry.get("STANDFAST_RESULT"))
    if result in (DONE, REPLACED):
        return ""
    why = f"{REFUSED[result]}{_heir(entry)}; {_NEXT_STEPS[result]}" if result in REFUSED else result
    return f"{why}{_those_there(entry)}"


def _those_there(entry: Entry) -> str:
    """Beside the name of a channel that is not there, those that are."""
    there = str(entry.get("STANDFAST_CHANNELS", "")).split()
    return f"; configured: {', '.join(there)}" if there else ""


def _heir(entry: Entry) -> str:
    """By which number a problem goes on that gave way to a worse one."""
    number, error_type = entry.get(HEIR), entry.get(HEIR_TYPE)
    return f", {number} ({error_type})" if number else ""


def silent(what: str, after_s: float = ANSWER_S) -> OrderError:
    """The error of a notifier that did not answer."""
    return OrderError(
        f"cannot {what} now: the notifier did not answer within {after_s:.0f} s, and does it when it reads on; see "
        f"systemctl status {short(NOTIFIER)}"
    )
