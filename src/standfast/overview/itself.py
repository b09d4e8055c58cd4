"""What is wrong with Standfast itself, as its daemons tell of themselves; for status, page and doctor alike. Pure."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from standfast.overview import checked, running
from standfast.overview import snapshot as shots
from standfast.overview.daemons import Daemon
from standfast.overview.snapshot import Row, Snapshot, Source
from standfast.overview.unit_words import blind
from standfast.time_words import span

# A message that waits for longer is not just about to be sent; where it was tried in vain meanwhile, no other side that
# was busy for a moment.
WAITS_TOO_LONG: Final = timedelta(minutes=5)
FAILS_TOO_LONG: Final = timedelta(seconds=15)

# Of so many units with checks that cannot look each check has its line.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong, in words, and the next step."""

    what: str
    step: str

    def __str__(self) -> str:
        return f"{self.what}; {self.step}"


def troubles(snapshot: Snapshot, unloaded: Container[str] = ()) -> Iterator[Trouble]:
    """All that the daemons' units do not show: systemd shows itself what does not run, and what was not reloaded.

    Args:
        unloaded: the watched units of which systemd itself says what is wrong.
    """
    for whose, source in snapshot.sources.items():
        yield from silent(whose, source, snapshot.now)
    own_words = [*checked.problems(snapshot), *notes(snapshot)]
    yield from map(_parted, own_words)
    for channel in shots.rows(snapshot.notifier.get("channels")):
        yield from channel_troubles(channel, snapshot.now)
    yield from watched_in_vain(snapshot, unloaded)
    yield from blind_checks(snapshot)


def left_for_later(snapshot: Snapshot) -> Iterator[Trouble]:
    """What agents take up when they are restarted, which nobody hurries: a stop closes what they hold."""
    for name, source in snapshot.agents.items():
        yield from map(_parted, running.waits_for_restart(name, source))


def notes(snapshot: Snapshot) -> list[str]:
    """What the detector cannot do, in its own words, and that agents cannot be looked for."""
    trouble = snapshot.agents_trouble
    return shots.texts(snapshot.detector.get("notes")) + ([trouble] if trouble else [])


def _parted(line: str) -> Trouble:
    """A line that ends with its step."""
    what, _, step = line.rpartition("; " if "; " in line else ": ")
    return Trouble(what, step) if what else Trouble(line, "see standfastctl status")


def silent(whose: Daemon, source: Source, now: datetime) -> Iterator[Trouble]:
    """A daemon that is there and writes no status any more."""
    age_s = shots.stale_s(source, now)
    if age_s is not None:
        what = f"The {whose.what} has said nothing for {span(age_s)}"
        yield Trouble(what, f"look at it with: systemctl status {whose.unit}")


def channel_troubles(row: Row, now: datetime) -> Iterator[Trouble]:
    """A channel that nobody hears anything by is told here, where it need not be told by that channel."""
    name, refusing, since = row.get("name"), row.get("refusing"), shots.moment(row.get("oldest_queued"))
    # A test would be refused by the same cap.
    test = "" if "daily cap" in str(refusing) else f", then standfastctl test-notify --channel {name}"
    see = f"see [channels.{name}] in notifier.toml{test}"
    if refusing:
        yield Trouble(f"Channel {name} refused its latest message, or gave it up: {refusing}", see)
        return
    patience = FAILS_TOO_LONG if row.get("failing") else WAITS_TOO_LONG
    if since is not None and now - since > patience:
        waits = f"{shots.number(row.get('queued'))} queued, the oldest for {span(now - since)}"
        yield Trouble(f"Channel {name} does not deliver ({waits}): {row.get('failing') or 'not tried yet'}", see)


def watched_in_vain(snapshot: Snapshot, unloaded: Container[str] = ()) -> Iterator[Trouble]:
    """A unit that does not exist is most often a slip in its name: nobody would hear of its death."""
    for name, row in shots.watched(snapshot).items():
        if row.get("status") == "unknown" and name not in unloaded:
            why = row.get("why") or "its state is unknown"
            yield Trouble(f"{name} is watched in vain: {why}", "see [[watch]] in detector.toml")


def blind_checks(snapshot: Snapshot) -> Iterator[Trouble]:
    """A check that cannot look tells of nothing, and its unit seems well; of very many the units are named."""
    found = {name: blind(row) for name, row in shots.watched(snapshot).items() if blind(row)}
    if len(found) > _NAMED:
        named = f"{', '.join(list(found)[:_NAMED])} and {len(found) - _NAMED} more"
        yield Trouble(f"Checks of {named} cannot look, and tell of nothing", "see which, and why: standfastctl units")
        return
    for name, of_unit in found.items():
        for said in of_unit:
            step = "until it can, it tells of nothing: see [[watch.check]] in detector.toml"
            yield Trouble(f"{name} runs, but {said}", step)
