"""The story that the demonstration tells and that the system tests check: things break, one after the other.

Each step is a function of the stage; it breaks something, waits for what must come of it by events, and
returns what was expected beside what was seen.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.system.inbox import Letter
from tests.system.machine import Entry, MachineError
from tests.system.stage import AGENT, FAULTS, FLEET, LOOK_S, WINDOW_S, Stage, unix_s, wait_until

# The services that work in the trading session, which only a new start of trade_manager opens anew.
IN_SESSION = ("trade_executor", "trade_initiator", "active_trade_supervisor")
CASCADE = "CASCADING_FAILURE"
GATEWAY_DOWN = "OPENALGO_DOWN"


@dataclass(frozen=True)
class Expectation:
    """A line of the table at the end."""

    expected: str
    seen: str
    ok: bool


Step = Callable[[Stage], list[Expectation]]


def expect(expected: str, seen: object, ok: bool) -> Expectation:
    return Expectation(expected, str(seen), ok)


def title(step: Step) -> str:
    """What a step is about."""
    return (step.__doc__ or "").splitlines()[0]


def played(step: Step, stage: Stage) -> list[Expectation]:
    """Play a step; what did not come to pass in its time is a line of the table too."""
    try:
        return step(stage)
    except MachineError as error:
        return [expect(title(step), str(error).splitlines()[0], False)]


def agent_trades(stage: Stage) -> list[Expectation]:
    """A paper agent starts and trades."""
    stage.tell("The paper agent starts: a simulated broker, a small moving-average strategy.")
    since = stage.machine.cursor()
    stage.machine.run(["systemctl", "start", AGENT])
    _wait_state(stage, "ACTIVE", since)
    order = stage.machine.wait_journal(_is_order, since=since, _SYSTEMD_UNIT=AGENT)
    stage.tell(f"It trades: {order['MESSAGE']}")
    state = stage.status()["agents"]["demo"]["state"]
    return [
        expect("nine services run", f"{stage.running()} run", stage.running() == len(FLEET)),
        expect("agent is ACTIVE and trades", f"{state}, {order['MESSAGE']}", state == "ACTIVE"),
    ]


def gateway_goes_away(stage: Stage) -> list[Expectation]:
    """The agent's broker is lost in the middle of the day."""
    stage.tell("The agent's gateway goes away.")
    since = stage.machine.cursor()
    before_s = time.time()
    stage.machine.write(FAULTS, "down\n")
    waiting = _wait_state(stage, "WAITING", since)
    stage.tell(f"{waiting['MESSAGE']} ({unix_s(waiting) - before_s:.1f} s)")
    stage.inbox.wait(lambda one: one.about("problem", GATEWAY_DOWN, AGENT), "the gateway is away")
    return [
        expect("gateway away -> WAITING", stage.agent()["state"], stage.agent()["state"] == "WAITING"),
        expect("... told in one message", *_count(stage, "problem", GATEWAY_DOWN)),
        expect("... systemd restarted nothing", _restarts_of_agent(stage), stage.restarts(AGENT) == 0),
    ]


def gateway_returns(stage: Stage) -> list[Expectation]:
    """The broker is back."""
    stage.tell("The gateway returns.")
    since = stage.machine.cursor()
    before_s = time.time()
    stage.machine.write(FAULTS, "")
    active = _wait_state(stage, "ACTIVE", since)
    stage.tell(f"{active['MESSAGE']} ({unix_s(active) - before_s:.1f} s)")
    stage.inbox.wait(lambda one: one.about("recovery", GATEWAY_DOWN, AGENT), "the gateway is back")
    return [
        expect("gateway back -> ACTIVE", stage.agent()["state"], stage.agent()["state"] == "ACTIVE"),
        expect("... by the same process", _restarts_of_agent(stage), stage.restarts(AGENT) == 0),
        expect("... told in one message", *_count(stage, "recovery", GATEWAY_DOWN)),
    ]


def one_service_is_killed(stage: Stage) -> list[Expectation]:
    """A single crash is systemd's affair."""
    stage.tell("One service is killed: systemctl kill --signal=KILL main_app")
    letters = len(stage.inbox.letters())
    before_s = time.time()
    stage.machine.run(["systemctl", "kill", "--signal=KILL", "main_app.service"])
    stage.machine.wait_unit("main_app.service", "active", NRestarts="1")
    stage.tell(f"systemd has restarted it ({time.time() - before_s:.1f} s)")
    wait_until(lambda: _looked_since(stage, before_s), "looks of the detector after the kill")
    level, state = stage.level(), stage.machine.run("systemctl is-active main_app", check=False).stdout.strip()
    told = len(stage.inbox.letters()) - letters
    return [
        expect("one service killed -> restarted by systemd", f"main_app {state}", state == "active"),
        expect("... no alarm", f"level {level}, {told} messages", level == "NONE" and told == 0),
    ]


def three_services_are_given_up(stage: Stage) -> list[Expectation]:
    """A cascade that no single restart cures: the master restart does, in the order of the units' dependencies."""
    stage.tell(
        "The trading session breaks, and the three services that work in it are killed: they cannot start again."
    )
    before_s = time.time()
    stage.machine.write("/srv/nine-services/data/session.json", "broken\n")
    stage.machine.run(["systemctl", "kill", "--signal=KILL", *(f"{name}.service" for name in IN_SESSION)])
    cascade = stage.inbox.wait(lambda one: one.about("problem", CASCADE), "the fleet cascades")
    stage.tell(f"CASCADING was told {cascade.arrived_s - before_s:.1f} s after the kills")
    completed = stage.inbox.wait(
        lambda one: one.about("restart", "MASTER_RESTART_COMPLETED"), "the master restart is done", timeout_s=90
    )
    recovery = stage.inbox.wait(lambda one: one.about("recovery", CASCADE), "the cascade is over")
    stage.tell(f"All nine run again, the recovery was told {recovery.arrived_s - before_s:.1f} s after the kills")
    wait_until(lambda: stage.level() == "NONE" and stage.master_restarts() != [], "the detector to see it")
    restarts = [letter for letter in stage.inbox.letters() if letter.kind == "restart"]
    running, agent, history = stage.running(), stage.agent()["state"], stage.master_restarts()
    told_after = recovery.arrived_s >= completed.arrived_s
    return [
        expect("three given up -> CASCADING -> one message", *_count(stage, "problem", CASCADE)),
        expect("... one master restart, with success", "; ".join(history), history == ["success, automatic"]),
        expect("... told when it started and when it was done", _titles(restarts), len(restarts) == 2),
        expect("... nine services run", f"{running} run", running == len(FLEET)),
        expect("... each started after those that it is ordered after", *_order(stage)),
        expect("... one message for the recovery", *_count(stage, "recovery", CASCADE)),
        expect("... told when it was verified, not before", "after" if told_after else "before", told_after),
        expect("... the agent was left alone", f"{agent}, {_restarts_of_agent(stage)}", stage.restarts(AGENT) == 0),
    ]


def agent_is_stopped(stage: Stage) -> list[Expectation]:
    """A stop ends flat."""
    wait_until(lambda: bool(stage.agent()["positions"]), "an open position")
    held = ", ".join(f"{one['quantity']:+d} {one['symbol']}" for one in stage.agent()["positions"])
    stage.tell(f"The agent holds {held}. systemctl stop {AGENT}")
    since = stage.machine.cursor()
    before_s = time.monotonic()
    stage.machine.run(["systemctl", "stop", AGENT])
    took_s = time.monotonic() - before_s
    end = stage.machine.wait_journal(since=since, STANDFAST_EVENT="shutdown", STANDFAST_UNIT=AGENT)
    verdict = json.loads(end["STANDFAST_DATA"])["verdict"]
    stage.tell(f"{end['MESSAGE']} (systemctl stop took {took_s:.2f} s)")
    result = stage.machine.run(["systemctl", "show", "--property=Result", "--value", AGENT]).stdout.strip()
    stage.inbox.wait(lambda one: one.kind == "shutdown" and AGENT in one.units, "the agent's last message")
    return [
        expect("stop with an open position -> flat", f"{held}, then {verdict}", verdict == "flat"),
        expect("... in under a second", f"{took_s:.2f} s", took_s < 1),
        expect("... and systemd agrees", f"Result={result}", result == "success"),
    ]


def nothing_was_said_twice(stage: Stage) -> list[Expectation]:
    """The account of all messages; what came late or twice shows here."""
    letters = stage.inbox.letters()
    ids = Counter(letter.body["id"] for letter in letters)
    said = Counter((letter.kind, *letter.types) for letter in letters)
    expected = Counter(
        [
            ("problem", GATEWAY_DOWN),
            ("recovery", GATEWAY_DOWN),
            ("problem", CASCADE),
            ("recovery", CASCADE),
            *((letter.kind, *letter.types) for letter in letters if letter.kind in ("restart", "shutdown")),
        ]
    )
    kinds = Counter(letter.kind for letter in letters)
    shown = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    ok = said == expected and max(ids.values()) == 1 and (kinds["restart"], kinds["shutdown"]) == (2, 1)
    return [expect("all in all: 2 problems, 2 recoveries, 2 restart, 1 shutdown", shown, ok)]


STEPS: tuple[Step, ...] = (
    agent_trades,
    gateway_goes_away,
    gateway_returns,
    one_service_is_killed,
    three_services_are_given_up,
    agent_is_stopped,
    nothing_was_said_twice,
)


def _wait_state(stage: Stage, state: str, since: str) -> Entry:
    return stage.machine.wait_journal(since=since, STANDFAST_EVENT="state", STANDFAST_STATE=state, STANDFAST_UNIT=AGENT)


def _restarts_of_agent(stage: Stage) -> str:
    return f"NRestarts {stage.restarts(AGENT)}"


def _is_order(entry: Entry) -> bool:
    return "now +1" in entry["MESSAGE"] or "now -1" in entry["MESSAGE"]


def _looked_since(stage: Stage, unix_time_s: float) -> bool:
    """Whether the detector has looked since, and an alarm of that look would have been sent by now."""
    checked_at = (stage.status()["detector"] or {}).get("checked_at")
    if not checked_at:
        return False
    return datetime.fromisoformat(checked_at).timestamp() > unix_time_s + 2 * LOOK_S + WINDOW_S


def _order(stage: Stage) -> tuple[str, bool]:
    """The services in the order in which they came up; whether it is that of their units' After=."""
    units = [f"{name}.service" for name in FLEET]
    shown = stage.machine.run(["systemctl", "show", "--property=Id,After,ActiveEnterTimestampMonotonic", *units]).stdout
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n")]
    up_at = {block["Id"]: int(block["ActiveEnterTimestampMonotonic"]) for block in blocks}
    after = [(block["Id"], other) for block in blocks for other in block["After"].split() if other in up_at]
    in_order = ", ".join(name.removesuffix(".service") for name in sorted(up_at, key=lambda name: up_at[name]))
    return in_order, bool(after) and all(up_at[one] > up_at[other] for one, other in after)


def _count(stage: Stage, kind: str, error_type: str) -> tuple[str, bool]:
    found = [letter for letter in stage.inbox.letters() if letter.about(kind, error_type)]
    return f"{len(found)} ({_titles(found)})", len(found) == 1


def _titles(letters: list[Letter]) -> str:
    return ", ".join(letter.title for letter in letters)
