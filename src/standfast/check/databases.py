"""The look at the fleet's databases: opened in each run, read through now and then."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from standfast.check.config import CheckConfig
from standfast.check.memory import Seen
from standfast.detector.check_tables import SqliteDatabase
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.prober import look
from standfast.detector.probes.sqlite import SqliteProbe


async def look_at(
    databases: Iterable[SqliteDatabase], seen: Mapping[str, Seen], config: CheckConfig, now: datetime
) -> tuple[dict[str, Finding], dict[str, Seen]]:
    """What is found in each, and how the last deep look at each ended; one that cannot even be opened has failed it."""
    listed = tuple(databases)
    deep = {one.name for one in listed if _is_due(seen.get(one.name), config, now)}
    found = await asyncio.gather(*(_look(one, one.name in deep, config.database_timeout_s) for one in listed))
    findings = {one.name: finding for one, finding in zip(listed, found, strict=True)}
    told = {name for name, finding in findings.items() if name in deep or finding.outcome is Outcome.FAIL}
    looks = {name: Seen(now, _good(findings[name])) if name in told else seen[name] for name in findings}
    return findings, looks


def _is_due(last: Seen | None, config: CheckConfig, now: datetime) -> bool:
    return last is None or last.is_due(now, config.deep_interval_s)


async def _look(database: SqliteDatabase, deep: bool, timeout_s: float) -> Finding:
    return await look(SqliteProbe(database.path, timeout_s, deep=deep), timeout_s)


def _good(finding: Finding) -> bool | None:
    return {Outcome.OK: True, Outcome.FAIL: False}.get(finding.outcome)
