"""What holds for every probe: one that breaks or hangs is unknown, and holds up nobody."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.detector.probing import probed

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.prober import look
from standfast.detector.probes.file import FileProbe
from standfast.detector.probes.sqlite import SqliteProbe

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN


def test_a_probe_that_breaks_is_unknown() -> None:
    class Broken:
        async def look(self) -> Finding:
            raise RuntimeError("oh")

        def silence(self, timeout_s: float) -> Finding:
            return Finding(FAIL)

    assert probed(Broken()) == Finding(UNKNOWN, "the probe broke: oh")


@pytest.mark.parametrize("make", [lambda: FileProbe("/f.json"), lambda: SqliteProbe("/trades.db", 0.2, deep=True)])
def test_a_read_that_hangs_is_unknown_and_takes_one_thread_only(
    make: Callable[[], FileProbe | SqliteProbe], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    begun: list[threading.Thread] = []

    def hang(self: object) -> Finding:
        begun.append(threading.current_thread())
        let_go.wait(30)
        return Finding(OK)

    monkeypatch.setattr(FileProbe, "_look", hang)
    monkeypatch.setattr(SqliteProbe, "_look", hang)

    async def looks() -> list[Finding]:
        probe = make()
        found = [await look(probe, 0.1) for _ in range(3)]
        let_go.set()
        begun[0].join(10)
        return [*found, await look(probe, 5)]

    found = asyncio.run(looks())
    assert [finding.outcome for finding in found] == [UNKNOWN, UNKNOWN, UNKNOWN, OK]
    assert found[1].detail == "an earlier look at it still hangs"
    assert len(begun) == 2


def test_many_hung_reads_hold_up_no_other_and_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    well = tmp_path / "well.json"
    well.write_text("{}")
    let_go = threading.Event()
    really_look = FileProbe._look

    def hang(self: FileProbe) -> Finding:
        if self._path != well:
            let_go.wait(30)
        return really_look(self)

    monkeypatch.setattr(FileProbe, "_look", hang)

    async def looks() -> list[Finding]:
        hung = [look(FileProbe(f"/dead/{number}"), 0.1) for number in range(40)]
        return [*await asyncio.gather(*hung), await look(FileProbe(str(well)), 5)]

    began = time.monotonic()
    found = asyncio.run(looks())
    assert time.monotonic() - began < 10
    let_go.set()
    assert {finding.outcome for finding in found[:-1]} == {UNKNOWN}
    assert found[-1].outcome is OK
