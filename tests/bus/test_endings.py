"""By whose doing a unit came down, told from systemd's signals in the orders that only chance shows on a real one."""

from __future__ import annotations

from standfast.detector.model import Ending
from standfast.detector.start_limit import StartLimit
from tests.bus.private_bus import PrivateBus
from tests.bus.scene import Scene, play


def test_a_unit_that_failed_with_its_job_is_looked_at_once_more(bus: PrivateBus) -> None:
    """That no restart follows is known only then, and the last signal may be the one of its failure."""

    async def part(scene: Scene) -> None:
        await scene.everything()
        await scene.systemd.change("a.service", active="activating", sub="auto-restart", job=(7, "restart"))
        assert (await scene.next())["a.service"].job == "restart"
        await scene.systemd.change("a.service", active="failed", sub="failed", job=(0, ""))
        assert (await scene.next())["a.service"].active_state == "failed"
        assert (await scene.next())["a.service"].active_state == "failed", "nothing was signalled since"

    play(bus, part)


def test_a_stop_that_is_over_before_anybody_looks_is_the_jobs(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.job_new("a.service", 7)
        await systemd.change("a.service", active="deactivating", sub="stop-sigterm", job=(7, "stop"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""), result="exit-code")
        await systemd.job_removed("a.service", 7, "done")
        assert (await scene.next())["a.service"].ended_by is Ending.JOB

    play(bus, part)


def test_a_crash_is_its_own(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        await scene.systemd.change("a.service", active="failed", sub="failed", main_exit=(1, 3))
        seen = (await scene.next())["a.service"]
        assert (seen.ended_by, seen.main_exit) == (Ending.ITSELF, "status 3")

    play(bus, part)


def test_a_crash_that_was_stopped_before_anybody_looked_is_known_by_its_signals(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.change("a.service", active="failed", sub="failed-before-auto-restart", result="signal")
        await systemd.change("a.service", active="activating", sub="auto-restart")
        await systemd.change("a.service", active="inactive", sub="dead")
        systemd.units["a.service"].result = "success"  # systemd has unloaded it
        seen = (await scene.next())["a.service"]
        assert (seen.active_state, seen.result) == ("inactive", "signal")
        await systemd.change("a.service", active="active", sub="running", result="success")
        await systemd.change("a.service", active="inactive", sub="dead")
        assert (await scene.next())["a.service"].result == "success", "that was another run"

    play(bus, part)


def test_a_crash_that_was_stopped_while_nobody_watched_is_known_by_what_the_journal_has(bus: PrivateBus) -> None:
    """systemd has unloaded the unit since, and calls its end a success; a later end is told by signals."""

    async def part(scene: Scene) -> None:
        systemd = scene.systemd
        systemd.add("bot@x.service", active="inactive", sub="dead")
        scene.link.recall_ends({"bot@x.service": "signal", "other.service": "signal"})
        found = await scene.everything()
        assert found["bot@x.service"].result == "signal"
        assert "other.service" not in found
        await systemd.change("bot@x.service", active="active", sub="running")
        await scene.next()
        await systemd.change("bot@x.service", active="inactive", sub="dead")
        assert (await scene.next())["bot@x.service"].result == "success"

    play(bus, part, "bot@*.service")


def test_a_stop_that_comes_while_a_crash_goes_on_is_the_jobs(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.change("a.service", active="deactivating", sub="stop-post", result="signal")
        await systemd.job_new("a.service", 7)
        await systemd.change("a.service", active="deactivating", sub="stop-post", job=(7, "stop"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""))
        await systemd.job_removed("a.service", 7, "done")
        seen = (await scene.next())["a.service"]
        assert (seen.ended_by, seen.result) == (Ending.JOB, "signal")

    play(bus, part)


def test_a_start_that_comes_down_step_by_step_is_its_own(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.job_new("a.service", 7)
        for active, sub in (("activating", "start"), ("deactivating", "stop-sigterm"), ("deactivating", "stop-post")):
            await systemd.change("a.service", active=active, sub=sub, job=(7, "start"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""))
        assert (await scene.next())["a.service"].ended_by is Ending.ITSELF

    play(bus, part)


def test_a_start_that_fails_is_its_own_though_its_job_was_on_it(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.job_new("a.service", 7)
        await systemd.change("a.service", active="deactivating", sub="stop-sigterm", job=(7, "restart"))
        await systemd.change("a.service", active="activating", sub="start", job=(7, "start"))
        await systemd.change("a.service", active="failed", sub="failed", job=(7, "start"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""))
        await systemd.job_removed("a.service", 7, "failed")
        assert (await scene.next())["a.service"].ended_by is Ending.ITSELF

    play(bus, part)


def test_a_crash_during_a_reload_is_its_own(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        await scene.systemd.job_new("a.service", 7)
        await scene.systemd.change("a.service", active="reloading", sub="reload", job=(7, "reload"))
        await scene.next()
        await scene.systemd.change("a.service", active="failed", sub="failed", job=(7, "reload"))
        assert (await scene.next())["a.service"].ended_by is Ending.ITSELF

    play(bus, part)


def test_a_dependency_that_failed_shows_in_the_jobs_result(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        scene.systemd.add("a.service", active="inactive", sub="dead", needs=["c.service"])
        await scene.everything()
        await scene.systemd.job_new("a.service", 7)
        await scene.systemd.job_removed("a.service", 7, "dependency")
        assert (await scene.next())["a.service"].job_result == "dependency"

    play(bus, part)


def test_a_restart_that_was_refused_is_known_with_the_limit(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        systemd = scene.systemd
        systemd.units["a.service"].start_limit = (8, 600_000_000)
        await scene.everything()
        await systemd.change("a.service", active="activating", sub="auto-restart", result="signal")
        assert (await scene.next())["a.service"].start_limit is None
        await systemd.job_new("a.service", 7)
        await systemd.change("a.service", active="failed", sub="failed", job=(7, "restart"))
        await systemd.job_removed("a.service", 7, "failed")
        await systemd.change("a.service", job=(0, ""))
        while (seen := (await scene.next())["a.service"]).job:
            pass
        assert seen.start_limit == StartLimit(8, 600.0)
        systemd.units["a.service"].start_limit = (0, 600_000_000)
        await systemd.change("a.service")
        assert (await scene.next())["a.service"].start_limit is None, "it has none"

    play(bus, part)


def test_a_refusal_that_nobody_saw_is_known_by_the_journal_and_over_with_another_run(bus: PrivateBus) -> None:
    asked: list[tuple[str, str]] = []

    def refused(unit: str, run: str) -> bool:
        asked.append((unit, run))
        return unit == "a.service"

    async def part(scene: Scene) -> None:
        systemd = scene.systemd
        systemd.add("a.service", "b.service", active="failed", sub="failed", result="signal")
        found = await scene.everything()
        assert found["a.service"].start_limit == StartLimit(5, 10.0)
        assert found["b.service"].start_limit is None
        assert sorted(asked) == [("a.service", "01"), ("b.service", "01")], "nobody is asked about the rest"
        await systemd.change("a.service", active="active", sub="running", result="success")
        await systemd.change("a.service", active="failed", sub="failed", result="signal")
        assert (await scene.next())["a.service"].start_limit is None
        assert len(asked) == 2

    play(bus, part, refused=refused)
