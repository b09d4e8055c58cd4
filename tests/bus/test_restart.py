"""The master restart's dealings with systemd: what it queues, what it makes of the jobs' ends, what it takes for up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from standfast.clock import monotonic_s
from standfast.detector.restart.plan import Item, Plan
from standfast.detector.restart.report import UnitReport
from standfast.detector.restart.run import carry_out
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import FakeSystemd
from tests.bus.private_bus import PrivateBus

PLAN = Plan((Item("a.service", "given up"), Item("b.service", "healthy")), ())
PATIENCE_S = 10.0


def restart(
    bus: PrivateBus, fleet: FakeSystemd, during: Callable[[], Awaitable[None]], settle_s: float = 0.05
) -> dict[str, UnitReport]:
    async def run() -> tuple[UnitReport, ...]:
        fleet.add("a.service", active="failed", sub="failed", invocation=b"\x01")
        fleet.add("b.service")
        await fleet.serve(bus.address)
        try:
            async with asyncio.timeout(PATIENCE_S), await Systemd1.connect(bus.address) as systemd:
                work = asyncio.create_task(carry_out(systemd, PLAN, settle_s))
                await fleet.until_restarted(len(PLAN.units) - len(fleet.refused_restarts))
                await during()
                return await work
        finally:
            await fleet.close()

    return {report.unit: report for report in asyncio.run(run())}


def test_jobs_are_queued_together_and_never_replace_others(bus: PrivateBus) -> None:
    fleet = FakeSystemd()

    async def during() -> None:
        assert fleet.restarted == [("a.service", "fail"), ("b.service", "fail")]
        await fleet.change("a.service", active="active", sub="running", invocation=b"\x02")
        await fleet.job_removed("a.service", 101, "done")
        await fleet.job_removed("b.service", 102, "done")

    reports = restart(bus, fleet, during)
    assert fleet.calls.index("Subscribe") < fleet.calls.index("RestartUnit")
    assert fleet.calls.count("ResetFailedUnit") == 2
    assert all(report.ok for report in reports.values())
    assert all(report.took_s is not None and report.took_s >= 0 for report in reports.values())


def test_a_job_that_failed(bus: PrivateBus) -> None:
    fleet = FakeSystemd()

    async def during() -> None:
        await fleet.change("b.service", active="inactive", sub="dead")
        await fleet.job_removed("a.service", 101, "failed")
        await fleet.job_removed("b.service", 102, "dependency")

    reports = restart(bus, fleet, during)
    assert [(report.ok, report.why) for report in reports.values()] == [
        (False, "its start failed"),
        (False, "a unit that it needs failed"),
    ]


def test_a_start_that_failed_and_was_mended_by_systemd_is_told_so(bus: PrivateBus) -> None:
    fleet = FakeSystemd()

    async def during() -> None:
        await fleet.change("a.service", active="active", sub="running", invocation=b"\x02")
        await fleet.job_removed("a.service", 101, "failed")
        await fleet.job_removed("b.service", 102, "done")

    report = restart(bus, fleet, during)["a.service"]
    assert (report.ok, report.why) == (False, "its start failed")
    assert report.up is not None


def test_done_but_down_again_before_it_settled(bus: PrivateBus) -> None:
    fleet = FakeSystemd()

    up_again: list[float] = []

    async def during() -> None:
        fleet.units["a.service"].active = "active"
        await fleet.job_removed("a.service", 101, "done")
        await fleet.job_removed("b.service", 102, "done")
        await fleet.until_called("Get", 6)  # both units have been found up
        fleet.units["a.service"].active, fleet.units["a.service"].sub = "activating", "auto-restart"
        fleet.units["b.service"].n_restarts = 1
        fleet.units["b.service"].active_us = int(monotonic_s() * 1e6)
        up_again.append(time.time())

    reports = restart(bus, fleet, during, settle_s=0.5)
    assert (reports["a.service"].why, reports["a.service"].up) == ("it crashed again", None)
    assert (reports["b.service"].ok, reports["b.service"].why) == (False, "did not stay up")
    up = reports["b.service"].up
    assert up is not None
    assert abs(up.since - up_again[0]) < 0.1
    assert up.for_s > 0


def test_a_unit_with_a_job_of_somebody_else_is_skipped_and_said(bus: PrivateBus) -> None:
    fleet = FakeSystemd()
    fleet.refused_restarts["b.service"] = "org.freedesktop.systemd1.TransactionIsDestructive"

    async def during() -> None:
        fleet.units["a.service"].active = "active"
        await fleet.job_removed("a.service", 101, "done")

    reports = restart(bus, fleet, during)
    assert reports["a.service"].ok
    assert not reports["b.service"].ok
    assert "refused" in reports["b.service"].why
    assert reports["b.service"].up is not None, "that it got no job of ours does not make it down"


def test_a_limit_that_cannot_be_cleared_stops_nothing(bus: PrivateBus) -> None:
    fleet = FakeSystemd()
    fleet.refuses["ResetFailedUnit"] = ("org.freedesktop.systemd1.NoSuchUnit", "Unit a.service not loaded.")

    async def during() -> None:
        fleet.units["a.service"].active = "active"
        await fleet.job_removed("a.service", 101, "done")
        await fleet.job_removed("b.service", 102, "done")

    assert all(report.ok for report in restart(bus, fleet, during).values())
