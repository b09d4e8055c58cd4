"""What came of a master restart: the events and lines that tell of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from standfast.detector.critical_files import put_back
from standfast.detector.reading import Meaning
from standfast.detector.restart.plan import AGENTS_ALONE, NOT_AFFECTED, NOT_TO_RESTART, Item, Plan
from standfast.detector.times import clock_at, iso
from standfast.events import Event, Kind, Severity
from standfast.unit_names import MASTER_RESTART


class Verdict(StrEnum):
    """How a master restart ended."""

    SUCCESS = "MASTER_RESTART_COMPLETED"
    PARTIAL = "MASTER_RESTART_PARTIAL"
    FAILURE = "MASTER_RESTART_FAILED"


# None of those below 8, for which systemd has names of its own ("2/INVALIDARGUMENT"), but for the plain failure.
EXIT_STATUSES = {Verdict.SUCCESS: 0, Verdict.PARTIAL: 1, Verdict.FAILURE: 9}


@dataclass(frozen=True, slots=True)
class Up:
    """Since when a unit is up (seconds since 1970), and for how long that is."""

    since: float
    for_s: float


@dataclass(frozen=True, slots=True)
class UnitReport:
    """One unit: whether it is up and stayed up, after how many seconds its job was done, and what went wrong.

    Attributes:
        up: of one that did not come up or stay up by this restart, and is up at its end all the same.
    """

    unit: str
    ok: bool
    took_s: float | None
    why: str
    up: Up | None = None

    @property
    def is_down(self) -> bool:
        """Whether it is not up at the end, by whatever."""
        return not self.ok and self.up is None


def verdict(reports: tuple[UnitReport, ...]) -> Verdict:
    """Success when all are up, failure when none is."""
    if all(report.ok for report in reports):
        return Verdict.SUCCESS
    return Verdict.PARTIAL if any(report.ok for report in reports) else Verdict.FAILURE


def plan_lines(plan: Plan) -> list[str]:
    """The plan for people."""
    if not plan.restarted:
        lines = ["Nothing would be restarted."]
    else:
        lines = [f"Would restart {_count(len(plan.restarted))}, in this order:"]
        lines += [f"  {number:2}. {item.unit} ({item.why})" for number, item in enumerate(plan.restarted, 1)]
    if plan.left_alone:
        lines += ["Left alone:", *(f"      {item.unit}: {item.why}" for item in plan.left_alone)]
    return lines


def started(plan: Plan, *, is_by_hand: bool = False) -> Event:
    """The event at its beginning."""
    by_hand = " by hand" if is_by_hand else ""
    left_alone = _left_alone(plan.left_alone)
    for_files = f" for {_critical(plan.files)}" if plan.files else ""
    what = f"{_count(len(plan.restarted))}{for_files}{_failing(plan)}"
    return Event(
        Kind.RESTART,
        f"Master restart{by_hand} of {what}: {', '.join(plan.units)}{left_alone}",
        type="MASTER_RESTART_STARTED",
        severity=Severity.CRITICAL,
        unit=MASTER_RESTART,
        data={
            "units": list(plan.units),
            "left_alone": {item.unit: item.why for item in plan.left_alone},
            "failing": list(plan.failing),
            "root_cause": list(plan.root_causes),
        },
    )


def nothing(plan: Plan) -> Event:
    """The one event of a master restart that found nothing to do."""
    return Event(
        Kind.RESTART,
        f"Master restart: nothing to restart{_left_alone(plan.left_alone)}",
        type=Verdict.SUCCESS.value,
        severity=Severity.WARNING,
        unit=MASTER_RESTART,
        action=_to_restart_something(plan),
        data={"took_s": 0.0, "units": {}, "left_alone": {item.unit: item.why for item in plan.left_alone}},
    )


def _to_restart_something(plan: Plan) -> str:
    """What to do where nothing is in the set, by what kept the units out of it."""
    reasons = {item.why for item in plan.left_alone}
    if NOT_AFFECTED in reasons and not plan.failing:
        return 'Nothing fails, so nothing is affected; to restart what is well too: scope = "all" in detector.toml'
    if not reasons or reasons & {AGENTS_ALONE, NOT_TO_RESTART}:
        return "see [[watch]] in detector.toml: restart = true puts a unit into the set"
    return "standfastctl plan says why each one is left alone; systemctl start UNIT starts one"


def ended(
    reports: tuple[UnitReport, ...], took_s: float, plan: Plan, settle_s: float, next_automatic: str = ""
) -> Event:
    """The event at its end, which counts what is up at that moment; `verdict` is about what stayed up.

    A critical file that was bad when it began is named again, for no restart mends that. So are those that are up
    again, as they were while their checks failed: nobody has asked them yet.

    Args:
        next_automatic: from when on the next one may follow by itself; "" where none does.
    """
    result, files = verdict(reports), plan.files
    down = [report for report in reports if report.is_down]
    message = f"Master restart: {len(reports) - len(down)} of {len(reports)} units are up after {took_s:.1f} s"
    if settle_s and any(report.ok for report in reports):
        message += f", {settle_s:g} s of them to see that they stay up"
    message += _up_all_the_same(reports, settle_s)
    if down:
        message += f"; not up: {', '.join(f'{report.unit} ({report.why})' for report in down)}"
    failed_by_check = {item.unit for item in plan.restarted if item.why == Meaning.CHECK_FAILED}
    if unasked := [report.unit for report in reports if report.ok and report.unit in failed_by_check]:
        message += f"; whether they are well, their checks tell next: {', '.join(unasked)}"
    steps = _next_steps(reports)
    if next_automatic and result is not Verdict.SUCCESS:
        steps.append(next_automatic)
    if files:
        message += f"; it does not mend {_critical(files)}"
        steps.insert(0, put_back(files))
    return Event(
        Kind.RESTART,
        message,
        type=result.value,
        severity=_severity(result, files),
        unit=MASTER_RESTART,
        action="; ".join(steps),
        data={"took_s": round(took_s, 3), "units": {report.unit: _unit(report) for report in reports}},
    )


def _up_all_the_same(reports: tuple[UnitReport, ...], settle_s: float) -> str:
    """Those that are up at its end, though not as it was to bring them up: a human may have mended them meanwhile."""
    by_head: dict[str, list[str]] = {}
    for report in reports:
        if report.up is not None:
            head = f"not yet for {settle_s:g} s" if report.up.for_s < settle_s else "up all the same"
            by_head.setdefault(head, []).append(f"{report.unit} ({report.why}; {_since(report.up)})")
    return "".join(f"; {head}: {', '.join(listed)}" for head, listed in by_head.items())


def _since(up: Up) -> str:
    return f"up since {clock_at(up.since)}"


def _next_steps(reports: tuple[UnitReport, ...]) -> list[str]:
    """What to look at of those that are down, and what of those that have yet to stay up."""
    steps = []
    if down := [report.unit for report in reports if report.is_down]:
        steps.append(f"systemctl status {' '.join(down)}")
    if again := [report.unit for report in reports if report.up is not None]:
        stays = "stays up" if len(again) == 1 else "stay up"
        steps.append(f"standfastctl status shows whether {', '.join(again)} {stays}")
    return steps


def _severity(result: Verdict, files: Mapping[str, str]) -> Severity:
    """All is up again: good news; where a file is still bad there is something left to do."""
    if result is not Verdict.SUCCESS:
        return Severity.CRITICAL
    return Severity.WARNING if files else Severity.INFO


def unit_lines(reports: tuple[UnitReport, ...]) -> list[str]:
    """Each unit's part in it, for the log: a message of a hundred of them would be read by nobody."""
    return [_unit_line(report) for report in reports]


def _unit_line(report: UnitReport) -> str:
    """How long the job took that brought nothing up says nothing."""
    if report.up is not None:
        return f"{report.unit}: {report.why}; {_since(report.up)}"
    if not report.ok:
        return f"{report.unit}: not up, {report.why}"
    return f"{report.unit}: up" if report.took_s is None else f"{report.unit}: up after {report.took_s:.1f} s"


def broken(why: str) -> Event:
    """The event of an end that verified nothing."""
    return Event(
        Kind.RESTART,
        f"Master restart broke off: {why}",
        type=Verdict.FAILURE.value,
        severity=Severity.CRITICAL,
        unit=MASTER_RESTART,
        action="standfastctl status",
    )


def _unit(report: UnitReport) -> dict[str, Any]:
    took_s = round(report.took_s, 3) if report.took_s is not None else None
    up_since = iso(report.up.since) if report.up is not None else None
    return {"ok": report.ok, "took_s": took_s, "why": report.why, "up_since": up_since}


def _count(units: int) -> str:
    return "1 unit" if units == 1 else f"{units} units"


def _failing(plan: Plan) -> str:
    """What it is for, without naming twice what is restarted; "" when a person restarts what does not fail."""
    if not plan.failing:
        return ""
    tells = set(plan.root_causes) not in (set(), set(plan.failing))
    how = "first" if len(plan.root_causes) == 1 else "each by itself"
    first = f"; {how}: {', '.join(plan.root_causes)}" if tells else ""
    what = "all failing" if set(plan.failing) == set(plan.units) else f"failing: {', '.join(plan.failing)}"
    return f" ({what}{first})"


def _critical(files: Mapping[str, str]) -> str:
    """The critical files that are bad, with what is wrong with each."""
    listed = [f"{path} ({detail})" if detail else path for path, detail in files.items()]
    return f"the critical file{'' if len(listed) == 1 else 's'} {', '.join(listed)}"


def _left_alone(items: tuple[Item, ...]) -> str:
    """Those that are left alone; of agents, and of those that are not affected, only that they are."""
    listed = [f"{item.unit} ({item.why})" for item in items if item.why not in (AGENTS_ALONE, NOT_AFFECTED)]
    words = [f"left alone: {', '.join(listed)}"] if listed else []
    if well := sum(1 for item in items if item.why == NOT_AFFECTED):
        words.append(f"{_count(well)} not affected")
    if any(item.why == AGENTS_ALONE for item in items):
        words.append(AGENTS_ALONE)
    return "".join(f"; {word}" for word in words)
