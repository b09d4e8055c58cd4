"""What commands make of the ledger. Pure."""

import dataclasses
from enum import StrEnum

from standfast.events import Event, Kind, Severity
from standfast.notifier import silence
from standfast.notifier.commands import Acknowledge, Command, NotOurs, TestNotify, Unsilence
from standfast.notifier.config import NotifierConfig
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Destination, Draft, Heard, MessageKind
from standfast.notifier.silence import Silence


class Obeyed(StrEnum):
    """What became of a command."""

    DONE = "done"
    REPLACED = "done, in place of an older silence of the same"
    NO_SUCH_PROBLEM = "no unresolved problem has this number"
    GAVE_WAY = "it gave way to a worse problem, which has another number"
    NO_SUCH_SILENCE = "no silence has this id"
    NO_SUCH_CHANNEL = "this channel is not configured"
    BAD = "it cannot be followed"
    NOT_OURS = "it is for another program"


def obey(ledger: Ledger, command: Command, heard: Heard, config: NotifierConfig) -> Obeyed:
    """Follow every command but Resolve, which ends a problem (see standfast.notifier.ends)."""
    match command:
        case Silence():
            return _silence(ledger, command)
        case Unsilence():
            return _unsilence(ledger, command)
        case Acknowledge():
            return _acknowledge(ledger, command, heard.by)
        case TestNotify():
            return _test(ledger, command, heard, config)
        case NotOurs():
            return Obeyed.NOT_OURS
        case _:
            return Obeyed.BAD


def _silence(ledger: Ledger, command: Silence) -> Obeyed:
    older = silence.taken_over(command, ledger.silences.values())
    for one in older:
        ledger.set_silence(one.id, None)
    ledger.set_silence(command.id, silence.going_on(command, older))
    return Obeyed.REPLACED if older else Obeyed.DONE


def _unsilence(ledger: Ledger, command: Unsilence) -> Obeyed:
    if command.id not in ledger.silences:
        return Obeyed.NO_SUCH_SILENCE
    ledger.set_silence(command.id, None)
    return Obeyed.DONE


def _acknowledge(ledger: Ledger, command: Acknowledge, by: str) -> Obeyed:
    problem = ledger.numbered(command.problem_id)
    if problem is None:
        return not_there(ledger, command.problem_id)
    ledger.keep(dataclasses.replace(problem, acknowledged=True, quiet=f"acknowledged by {by}"))
    return Obeyed.DONE


def not_there(ledger: Ledger, problem_id: int) -> Obeyed:
    """What is answered to a command about a number that no unresolved problem has."""
    return Obeyed.GAVE_WAY if ledger.heir_of(problem_id) else Obeyed.NO_SUCH_PROBLEM


def _test(ledger: Ledger, command: TestNotify, heard: Heard, config: NotifierConfig) -> Obeyed:
    if command.channel and command.channel not in config.channel_names:
        return Obeyed.NO_SUCH_CHANNEL
    channels = (command.channel,) if command.channel else config.channel_names
    event = Event(Kind.NOTIFICATION, f"A test asked for by {heard.by}: nothing is wrong", "TEST")
    draft = Draft(MessageKind.TEST, Severity.INFO, heard.at, Destination(channels), event=event, id=command.id)
    ledger.changes.drafts.append(draft)
    return Obeyed.DONE
