"""`standfastctl test-notify`: a message through the real path, and what became of it in each channel."""

import argparse
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from standfast.ctl import names
from standfast.ctl.answers import Entry
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import listen, notifier, order, require_done, silent
from standfast.ctl.patience import Patience
from standfast.ctl.screen import Screen
from standfast.overview import snapshot as shots
from standfast.overview.tones import Tone

# A provider may take 10 s to answer, and the worker that asks it has to start first.
DELIVERY_S: Final = 30.0
_WHAT: Final = "send a test"
_DELIVERED: Final = "delivered"
_WORDS: Final[Mapping[str, str]] = {
    _DELIVERED: "delivered",
    "refused": "refused",
    "given_up": "given up",
    "retry": "not delivered, the notifier goes on trying",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a channel said to the test.

    Attributes:
        result: delivered, refused, given_up or retry; "" without an answer in time.
        detail: why it was not delivered, and the next step.
    """

    result: str
    detail: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the message arrived."""
        return self.result == _DELIVERED

    def __str__(self) -> str:
        words = _WORDS.get(self.result, self.result or "no answer yet")
        return f"{words}: {self.detail}" if self.detail else words


def answered(entry: Entry, test_id: str) -> tuple[str, Delivery] | None:
    """The channel and what it said, None for an entry about something else."""
    channel = entry.get("STANDFAST_CHANNEL")
    if entry.get("STANDFAST_NOTIFICATION") != test_id or not channel:
        return None
    return str(channel), Delivery(str(entry.get("STANDFAST_RESULT", "")), str(entry.get("STANDFAST_DETAIL", "")))


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--channel", default="", help="only this channel, such as telegram; without it all of them")
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    test_id = secrets.token_hex(16)
    told: set[str] = set()

    def tell(name: str, said: Delivery) -> None:
        """One channel's queue must not hold up what another one has said."""
        if not arguments.json and name not in told:
            told.add(name)
            screen.line(f"{name}: {said}", Tone.GOOD if said.is_good else Tone.BAD)
            sys.stdout.flush()

    found = _send(test_id, arguments.channel, tell)
    if arguments.json:
        shown = {name: {"result": one.result or "none", "detail": one.detail} for name, one in found.items()}
        screen.json({"id": test_id, "channels": shown})
    for name, one in found.items():
        tell(name, one)
    return Exit.OK if all(one.is_good for one in found.values()) else Exit.WRONG


def _send(test_id: str, channel: str, tell: Callable[[str, Delivery], None]) -> dict[str, Delivery]:
    with closing(listen(_WHAT)) as answers:
        wanted = [channel] if channel else _configured()
        data = {"channel": channel} if channel else {}
        order("TEST_NOTIFY", f"Send a test by {', '.join(wanted)}", id=test_id, **data)
        entries = answers.until(Patience(DELIVERY_S, f"the answer of {', '.join(wanted)}"))
        found = _collect(entries, test_id, wanted, tell)
    return {name: said or _unanswered(name) for name, said in found.items()}


def _collect(
    entries: Iterable[Entry], test_id: str, wanted: Iterable[str], tell: Callable[[str, Delivery], None]
) -> dict[str, Delivery | None]:
    """Each channel's first answer, told as it comes; None for one that gave none."""
    found: dict[str, Delivery | None] = dict.fromkeys(wanted)
    followed = False
    for entry in entries:
        if entry.get("STANDFAST_COMMAND") == test_id:
            require_done(_WHAT, entry)
            followed = True
            # Just after a reload it may be other channels than the notifier told of before.
            if used := str(entry.get("STANDFAST_CHANNELS", "")).split():
                found = {name: found.get(name) for name in used}
        elif answer := answered(entry, test_id):
            name, said = answer
            if found.get(name) is None:
                found[name] = said
                tell(name, said)
            followed = True
        if found and all(found.values()):
            return found
    if not followed:
        raise silent(_WHAT, DELIVERY_S)
    return found


def _configured() -> list[str]:
    return [str(row.get("name")) for row in shots.rows(notifier().get("channels"))]


def _unanswered(channel: str) -> Delivery:
    """What is known of a channel that did not answer: most often earlier messages wait in front of the test."""
    rows: Iterable[Mapping[str, Any]] = shots.rows(notifier().get("channels"))
    row = next((row for row in rows if row.get("name") == channel), {})
    queued, failing = shots.number(row.get("queued")), row.get("failing") or "no reason given"
    if not queued:
        return Delivery("", "see journalctl -t standfast-notifier")
    return Delivery("", f"{queued} messages are queued for it ({failing}); the test is delivered after them")


COMMAND = Command(
    name="test-notify",
    summary="send a test message and report what each channel made of it",
    description=(
        "Sends a test through the notifier, as a problem would be sent, and waits up to 30 s for the answer of each "
        "channel. Exits 0 when all delivered it, 1 when one did not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"channel": names.channels},
)
