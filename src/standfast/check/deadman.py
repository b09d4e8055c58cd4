"""The dead-man's switch: an address that is called as long as the watchers watch, so that its silence is an alarm."""

from typing import Final

from standfast.check import findings
from standfast.check.config import DeadmanSettings
from standfast.check.findings import Answer
from standfast.detector.check_tables import HttpCheck
from standfast.detector.prober import look
from standfast.detector.probes.http import HttpProbe

_TAKEN: Final = tuple(range(200, 300))


async def called(settings: DeadmanSettings, watchers: tuple[Answer, ...]) -> Answer:
    """How the call went; there is none unless the watchers and the way through the notifier are all well."""
    if not findings.all_hold(watchers):
        why = "the dead-man address was not called: not all that it stands for is well"
        return findings.unasked(findings.DEADMAN, why)
    return findings.ping(await look(HttpProbe(HttpCheck(url=settings.url, status=_TAKEN)), settings.timeout_s))
