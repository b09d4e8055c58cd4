"""A way to write histories: what happens to units, said in verbs, becomes the lines that systemd would show."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NINE = (
    "main_app",
    "trade_manager",
    "trade_executor",
    "auto_entry_supervisor",
    "unified_production_coordinator",
    "active_trade_supervisor",
    "trade_initiator",
    "kalshi_api_watchdog",
    "btc_price_watchdog",
)
ACT = 'mode = "act"\n'
ALL = '[[watch]]\nunit = "*.service"\n'
SIGNAL_S = 0.002
FIGURES_EVERY_S = 180
MIB = 2**20


@dataclass
class Story:
    """One history under one configuration, and what must come of it.

    Attributes:
        levels: the levels that are entered, in order.
        restarts: when a master restart is asked for.
        refused: the reasons for refusing one, in order.
        is_cascade: whether a master restart is right; what the earlier detector's errors are counted by.
    """

    name: str
    why: str
    levels: str = ""
    restarts: tuple[float, ...] = ()
    refused: str = ""
    config: str = ACT + ALL
    is_cascade: bool = False
    lines: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)
    needs: dict[str, str] = field(default_factory=dict)
    _restarts: dict[str, int] = field(default_factory=dict)
    _runs: dict[str, int] = field(default_factory=dict)
    _last: dict[str, str] = field(default_factory=dict)

    # Units

    def unit(
        self, at: float, unit: str, active: str, sub: str = "", result: str = "success", job: str = "", **more: Any
    ) -> Story:
        """A line as systemd describes the unit."""
        subs = {"active": "running", "inactive": "dead", "failed": "failed"}
        fields = {
            "kind": "unit",
            "unit": f"{unit}.service",
            "load_state": "loaded",
            "active_state": active,
            "sub_state": sub or subs.get(active, "start"),
            "result": result,
            "n_restarts": self._restarts.get(unit, 0),
            "invocation_id": f"{unit}-{self._runs.get(unit, 1)}",
            "job": job,
            "needs": [f"{name}.service" for name in self.needs.get(unit, "").split()],
        }
        self._last[unit] = active
        return self._line(at, {**fields, **more})

    def up(self, at: float, *units: str, **more: Any) -> Story:
        for unit in units:
            self.unit(at, unit, "active", **more)
        return self

    def crash(self, at: float, *units: str, back_s: float | None = 0.2, result: str = "exit-code") -> Story:
        """A crash as its signals tell it; systemd has it up again after `back_s`, or waits for longer than told."""
        for unit in units:
            self.unit(at, unit, "failed", result=result)
            self.unit(at + SIGNAL_S, unit, "activating", "auto-restart", result)
            if back_s is not None:
                self.come_back(at + back_s, unit)
        return self

    def come_back(self, at: float, *units: str) -> Story:
        """What systemd does when the wait before a restart is over."""
        for unit in units:
            self._restarts[unit] = self._restarts.get(unit, 0) + 1
            self._runs[unit] = self._runs.get(unit, 1) + 1
            self.unit(at, unit, "activating", "start")
            self.unit(at + SIGNAL_S, unit, "active")
        return self

    def give_up(self, at: float, *units: str, result: str = "exit-code") -> Story:
        for unit in units:
            self.unit(at, unit, "failed", result=result)
        return self

    def finish(self, at: float, *units: str) -> Story:
        """It ends by itself, with success."""
        for unit in units:
            self.unit(at, unit, "inactive")
        return self

    def stop(self, at: float, *units: str, took_s: float = 0.5, result: str = "success") -> Story:
        """Its operator stops it; a result other than success leaves it failed."""
        for unit in units:
            self.unit(at, unit, "deactivating", "stop-sigterm", job="stop")
            self.unit(at + took_s, unit, "inactive" if result == "success" else "failed", result=result)
        return self

    def start(self, at: float, *units: str, took_s: float = 0.5) -> Story:
        for unit in units:
            self._new_run(unit)
            self.unit(at, unit, "activating", "start", job="start")
            self.unit(at + took_s, unit, "active")
        return self

    def restart(
        self, at: float, *units: str, took_s: float = 1.0, result: str = "success", comes_up: bool = True
    ) -> Story:
        """Its operator restarts it; ugly when it ends failed on SIGTERM."""
        for unit in units:
            down = "inactive" if result == "success" else "failed"
            if self._last.get(unit) in ("failed", "inactive"):
                self.unit(at, unit, self._last[unit], result=result, job="restart")
            else:
                self.unit(at, unit, "deactivating", "stop-sigterm", job="restart")
                self.unit(at + took_s / 2, unit, down, result=result, job="restart")
            self._new_run(unit)
            self.unit(at + took_s / 2 + SIGNAL_S, unit, "activating", "start", job="start")
            if comes_up:
                self.unit(at + took_s, unit, "active")
            else:
                self.unit(at + took_s, unit, "failed", result="exit-code")
        return self

    def go_along(self, at: float, *units: str) -> Story:
        """systemd stops it because of one that it needs: that looks like an operator's stop."""
        for unit in units:
            self.unit(at, unit, "deactivating", "stop-sigterm", job="stop")
            self.unit(at + 0.05, unit, "inactive")
        return self

    def _new_run(self, unit: str) -> None:
        self._restarts[unit] = 0
        self._runs[unit] = self._runs.get(unit, 1) + 1

    # The rest of the world

    def check(self, at: float, name: str, outcome: str, unit: str = "", **more: Any) -> Story:
        fields = {"kind": "check", "name": name, "unit": unit and f"{unit}.service", "outcome": outcome}
        return self._line(at, {**fields, **more})

    def figures(
        self,
        of: str,
        course: Callable[[float], float],
        end: float,
        *,
        begin: float = 60,
        figure: str = "memory",
        limit: float = 512.0,
    ) -> Story:
        """A figure that takes a course over time, as the detector records it: when it has moved."""
        told = float("inf")
        for at in range(int(begin), int(end), FIGURES_EVERY_S):
            value = course(at)
            if abs(value - told) > (limit - told) * 0.02:
                told = value
                run = f"{of}-{self._runs.get(of, 1)}"
                whose = {"of": of} if figure == "disk" else {"of": f"{of}.service", "run": run}
                fields = {**whose, "value": round(value * MIB, 3), "limit": limit * MIB}
                self._line(at, {"kind": "figure", "figure": figure, **fields})
        return self

    def file(self, at: float, path: str, ok: bool | None, detail: str = "") -> Story:
        return self._line(at, {"kind": "file", "path": path, "ok": ok, "detail": detail})

    def manager(self, at: float, answers: bool, system_state: str = "running") -> Story:
        return self._line(at, {"kind": "manager", "answers": answers, "system_state": system_state})

    def clock(self, at: float, event: str) -> Story:
        return self._line(at, {"kind": "clock", "event": event})

    def master(self, at: float, result: str) -> Story:
        return self._line(at, {"kind": "restart", "result": result})

    def release(self, at: float) -> Story:
        return self._line(at, {"kind": "release"})

    def end(self, at: float) -> Story:
        return self._line(at, {"kind": "end"})

    def _line(self, at: float, fields: dict[str, Any]) -> Story:
        self.lines.append((at, len(self.lines), {"at": round(at, 3), **fields}))
        return self

    def history(self) -> list[str]:
        """The lines in the order of time."""
        return [
            json.dumps(fields, separators=(",", ":")) for _, _, fields in sorted(self.lines, key=lambda row: row[:2])
        ]

    def text(self) -> str:
        """The file: what it is, how it is configured, what must come of it, then the history."""
        head = [f"# {self.name}: {self.why}", *(f"#config {line}" for line in self.config.splitlines())]
        head.append(f"#levels {self.levels}")
        head.append(f"#restarts {' '.join(f'{at:g}' for at in self.restarts)}")
        head.append(f"#refused {self.refused}")
        head.append(f"#cascade {'yes' if self.is_cascade else 'no'}")
        return "\n".join([*head, *self.history()]) + "\n"


def nine(name: str, why: str, **more: Any) -> Story:
    """The fleet of nine, up and well at 0."""
    return Story(name, why, **more).up(0, *NINE)


def units(count: int) -> tuple[str, ...]:
    return tuple(f"bot{number:03}" for number in range(count))
