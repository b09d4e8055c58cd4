"""standfast-check: one look at everything; tells what it found by events, or by itself while the notifier is away."""

import asyncio
import dataclasses
import logging
import os
import sys
import time
from collections.abc import Awaitable
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Final

from systemd import journal as systemd_journal

from standfast import paths, statusfile
from standfast.check import alarm, findings, keeping, memory, stand_in
from standfast.check.aside import aside
from standfast.check.config import CheckConfig
from standfast.check.delivered import NOTHING, Delivered
from standfast.check.findings import Answer
from standfast.check.hearing import heard_since
from standfast.check.known import known
from standfast.check.looking import Looked, Looker
from standfast.check.memory import Memory
from standfast.check.notifier_database import delivered
from standfast.check.outlet import Outlet
from standfast.check.watchers import secrets_of
from standfast.clock import utc_now
from standfast.config import ConfigError, load
from standfast.daemon import EXIT_CONFIG, log_mistakes
from standfast.events import Event
from standfast.journal import Journal, configure_logging
from standfast.moments import iso
from standfast.notifier.model import Draft, Identity, MessageKind
from standfast.statusfile import StatusFileError
from standfast.unit_names import CHECK

log = logging.getLogger(__name__)

IDENTIFIER: Final = "standfast-check"
# journald reads the unit of a sender from its process: it must be there still (measured: 5 ms are enough).
LINGER_S: Final = 0.05
# What reading the journal in the notifier's place may take.
HEARING_S: Final = 10.0
# What reading in its database may take.
DELIVERED_S: Final = 5.0


def main() -> int:
    """Check once; 0 when it could be checked, whatever was found, 78 on bad configuration of its own.

    After a failure of the same, which is then told, the defaults are as good as a configuration with mistakes.
    """
    configure_logging(IDENTIFIER)
    # The libraries of some channels log addresses with tokens in them.
    logging.getLogger().setLevel(logging.ERROR)
    logging.getLogger("standfast").setLevel(logging.INFO)
    has_failed, mistake = sys.argv[1:] == [alarm.OPTION], ""
    try:
        config = load(CheckConfig, paths.CHECK_CONFIG, os.environ)
    except ConfigError as error:
        log_mistakes(error)
        if not has_failed:
            return EXIT_CONFIG
        config, mistake = CheckConfig(), error.first_line
    journal = Journal(IDENTIFIER)
    asyncio.run(_check(config, journal, _failure(mistake) if has_failed else None))
    time.sleep(LINGER_S)
    journal.close()
    return 0


async def _check(config: CheckConfig, journal: Journal, failure: Awaitable[Answer] | None) -> None:
    itself = await failure if failure else alarm.none()
    found = known()
    before = keeping.load()
    async with aclosing(Outlet(found.notifier, config.remind_after_s)) as outlet:
        looker = Looker(config, found, outlet, journal)
        looked = await looker.ping((await looker.look(before, utc_now())).watched_by(itself))
        kept, events = await _tell(looked, before, looker)
        for event in events:
            journal.emit(event)
        keeping.save(memory.unsaid(kept, before) if journal.waiting else kept, utc_now())
        if alarm.is_unheard(looked.answers, kept):
            _shout(itself)
        _show(looked.answers)


async def _failure(mistake: str) -> Answer:
    """What is known of the run that failed; `mistake` is that of the configuration, "" where it has none."""
    return alarm.failure(os.environ, await secrets_of(CHECK) if alarm.is_about_secrets(os.environ) else (), mistake)


async def _tell(looked: Looked, before: Memory, looker: Looker) -> tuple[Memory, list[Event]]:
    """What is remembered and logged from here on, after telling people what the notifier cannot tell."""
    now, answers = utc_now(), looked.answers
    after = memory.after_looks(before, answers, now)
    needed = stand_in.is_needed(answers)
    told = await aside(delivered, DELIVERED_S, NOTHING) if needed else NOTHING
    due = stand_in.to_tell(answers, after, now, looker.config.remind_after_s, told) if needed else ()
    over = stand_in.to_end(answers, before)
    sent = await looker.outlet.send(stand_in.drafts(due, over, before, after, looker.known.notifier, now))
    after = memory.after_telling(after, _identities(sent, are_over=False), now)
    # Where it is not known what was told before, what comes from now on is passed on all the same.
    told_until = before.told_until or looked.began_at
    told_until = await _pass_on(told_until, after, looker, told) if needed else looked.began_at
    events = stand_in.events(answers, before, after, frozenset(_identities(sent, are_over=True)))
    gone = stand_in.gone(answers, before) if looked.is_whole else frozenset()
    kept = dataclasses.replace(
        memory.without(after, gone),
        channels=looked.channels,
        databases=looked.databases,
        restarts=looked.restarts,
        told_until=told_until,
    )
    return kept, [*events, *stand_in.forgotten(one for one in gone if before.is_open(one))]


async def _pass_on(told_until: datetime, kept: Memory, looker: Looker, told: Delivered) -> datetime:
    """Tell what others logged as critical since then; up to when everything critical is told now."""
    now, config = utc_now(), looker.known.notifier
    heard = await aside(partial(heard_since, told_until, config), HEARING_S, None)
    if heard is None:
        return told_until
    drafts = stand_in.passed_on(heard.events, kept, config, now, told)
    # What only some channel did not take is the notifier's again when it is back: the others have theirs.
    return (heard.until or now) if not drafts or await looker.outlet.send(drafts) else told_until


def _identities(sent: list[Draft], *, are_over: bool) -> list[Identity]:
    wanted = (draft for draft in sent if (draft.kind is MessageKind.RECOVERY) is are_over)
    return [problem.identity for draft in wanted for problem in draft.problems]


def _shout(itself: Answer) -> None:
    """The last resort: journald writes an emergency to the terminals of all who are logged in (systemd.journald(5))."""
    words = f"{itself.words}; the notifier is away and no channel can tell it. Next: {itself.question.action}"
    systemd_journal.send(words, PRIORITY="0", SYSLOG_IDENTIFIER=IDENTIFIER)


def _show(answers: tuple[Answer, ...]) -> None:
    """A line for people, and the status file."""
    log.info("Checked %d things: %s", len(answers), findings.in_words(answers))
    rows = [
        {"type": one.question.type, "unit": one.question.unit, "well": one.well, "detail": one.words} for one in answers
    ]
    try:
        statusfile.write(paths.CHECK_STATUS, {"answers": rows, "checked_at": iso(utc_now())})
    except StatusFileError as error:
        log.warning("%s", error)


if __name__ == "__main__":
    raise SystemExit(main())
