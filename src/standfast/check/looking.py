"""One look at everything: all parts at the same time, each within its own; one that hangs or breaks stops no other."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from standfast.check import canary, databases, deadman, disks, findings, restarts, watchers
from standfast.check.aside import aside
from standfast.check.config import LONGEST_LOOK_S, CheckConfig
from standfast.check.findings import Answer
from standfast.check.known import Known
from standfast.check.memory import Memory, Seen
from standfast.check.outlet import Outlet
from standfast.check.restarts import Restarts
from standfast.check.watchers import Run
from standfast.detector.check_tables import SqliteDatabase
from standfast.detector.finding import Finding
from standfast.detector.prober import look
from standfast.detector.probes.file import FileProbe
from standfast.journal import Emitter

FILE_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found.

    Attributes:
        watchers: of the detector, the notifier, the canary included, and the check itself.
        others: all else.
        restarts: how often systemd restarted each watcher.
        began_at: when the looking began; a canary that came was sent after that.
        is_whole: whether everything was looked at that there is; what lacks an answer then is there no longer.
    """

    watchers: tuple[Answer, ...]
    others: tuple[Answer, ...]
    channels: Mapping[str, Seen]
    databases: Mapping[str, Seen]
    restarts: Mapping[str, Restarts]
    began_at: datetime
    is_whole: bool

    @property
    def answers(self) -> tuple[Answer, ...]:
        """All of them."""
        return self.watchers + self.others

    def watched_by(self, watcher: Answer) -> "Looked":
        """The same with what the check says of itself: who watches is watched too."""
        return replace(self, watchers=(*self.watchers, watcher))

    def including(self, answer: Answer) -> "Looked":
        """The same with one more."""
        return replace(self, others=(*self.others, answer))


@dataclass(frozen=True, slots=True)
class Looker:
    """What is looked at and with what."""

    config: CheckConfig
    known: Known
    outlet: Outlet
    emitter: Emitter

    async def look(self, memory: Memory, now: datetime) -> Looked:
        """Look once at everything but the dead-man address."""
        (watched, runs), (found, deep), files, disk_answers, channels = await asyncio.gather(
            self._watchers(),
            databases.look_at(self._database_files(), memory.databases, self.config, now),
            self._files(),
            aside(self._disks, LONGEST_LOOK_S, None),
            self._channels(memory, now),
        )
        damaged = [name for name, seen in memory.databases.items() if seen.good is False]
        counted = {**memory.restarts, **_counted(memory.restarts, runs, now)}
        others = [
            *self.known.answers,
            *(restarts.answer(unit, one, memory.restarts.get(unit)) for unit, one in counted.items()),
            *(disk_answers or ()),
            *([findings.databases(found, self._database_paths(), damaged)] if found else []),
            *([findings.together(findings.FILES, files)] if files else []),
            *(findings.channel(name, seen.standing()) for name, seen in channels.items()),
        ]
        is_whole = disk_answers is not None and all(answer.well for answer in self.known.answers)
        watched = findings.with_causes(watched, self.known.answers)
        return Looked(watched, tuple(others), channels, deep, counted, now, is_whole)

    async def ping(self, looked: Looked) -> Looked:
        """Call the dead-man address, where there is one."""
        settings = self.config.deadman
        return looked.including(await deadman.called(settings, looked.watchers)) if settings.url else looked

    async def _watchers(self) -> tuple[tuple[Answer, ...], Mapping[str, Run]]:
        within_s = self.config.canary_timeout_s
        sent = partial(canary.comes_through, self.emitter, within_s)
        coming = asyncio.create_task(aside(sent, LONGEST_LOOK_S + 1, None))
        found = await watchers.after_all(self.config.stale_after_s, self.config.look_again_after_s)
        seen = found.answers
        came = False if findings.is_down(seen) and not coming.done() else await coming
        coming.cancel()
        return (*seen, findings.canary(came, within_s, seen)), found.runs

    async def _files(self) -> dict[str, Finding]:
        listed = self.known.fleet.critical_files
        found = await asyncio.gather(*(look(FileProbe(path), FILE_TIMEOUT_S) for path in listed))
        return dict(zip(listed, found, strict=True))

    def _database_paths(self) -> dict[str, str]:
        return {database.name: database.path for database in self._database_files()}

    def _database_files(self) -> list[SqliteDatabase]:
        """The databases that are files; a server looks after its own."""
        return [database for database in self.known.fleet.database if isinstance(database, SqliteDatabase)]

    async def _channels(self, memory: Memory, now: datetime) -> dict[str, Seen]:
        """What each channel's other side says, asked now or lately."""
        names = self.known.notifier.channel_names
        kept = {name: seen for name, seen in memory.channels.items() if name in names and not self._is_due(seen, now)}
        asked = await self.outlet.standings(name for name in names if name not in kept)
        said = {name: one for name, one in asked.items() if one.is_askable}
        return {**kept, **{name: Seen(now, one.good, one.detail) for name, one in said.items()}}

    def _is_due(self, seen: Seen, now: datetime) -> bool:
        return seen.is_due(now, self.config.ask_interval_s)

    def _disks(self) -> list[Answer]:
        fleet = self.known.fleet
        files = [*fleet.critical_files, *(database.path for database in self._database_files())]
        return disks.answers(files, self.config.disk.lowest_share)


def _counted(before: Mapping[str, Restarts], runs: Mapping[str, Run], now: datetime) -> dict[str, Restarts]:
    return {unit: restarts.after(before.get(unit), run.restarts, run.started_at, now) for unit, run in runs.items()}
