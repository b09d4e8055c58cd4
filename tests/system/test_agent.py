"""Agents on a real systemd against OpenAlgo as it really behaves: they wait, they ask for a human, they stop flat."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.system.agents import (
    CHECK_S,
    Agent,
    OpenAlgo,
    memory_limit,
    openalgo_agent,
    paper_agent,
    query_ms,
    timed_stops,
)
from tests.system.machine import Entry, Machine
from tests.system.stage import unix_s, wait_until

# The machines are small and do other things meanwhile; an idle agent stops in a fifth of it.
AT_ONCE_S = 1.0
RECHECKS = 12
MEMORY_MIB = 150
KEYS = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
QUICK_RESTART = "[Service]\nRestartSec=100ms\n"


@dataclass
class Ward:
    """What the tests of a module share: one server with one agent."""

    server: OpenAlgo
    agent: Agent


@pytest.fixture(scope="module")
def ward(machine: Machine) -> Ward:
    server = OpenAlgo(machine, "bot-key", KEYS[0])
    return Ward(server, openalgo_agent(machine, "bot", "Holder", server))


@pytest.fixture(scope="module")
def pair(machine: Machine) -> Ward:
    """Another server with another key, and an agent with the timeouts that are the default."""
    server = OpenAlgo(machine, "pair-key", KEYS[1])
    return Ward(server, openalgo_agent(machine, "pair", "Holder", server, timeout_s=5))


@pytest.fixture
def server(ward: Ward) -> Iterator[OpenAlgo]:
    """The server, well at the start, and well again afterwards."""
    yield ward.server
    well = {"hangs": False, "logged_in": True, "key": KEYS[0], "dies_at": "", "dead": False, "orders": []}
    ward.server.turn(down=False, feed={"silent": False}, **well)


@pytest.fixture
def agent(ward: Ward, server: OpenAlgo) -> Iterator[Agent]:
    """The agent, stopped at the start and afterwards."""
    yield ward.agent
    ward.agent.stop()


@pytest.fixture
def trading(agent: Agent) -> Agent:
    """The agent, ACTIVE with 3 orders and 2 positions."""
    agent.start()
    agent.logged("HOLDING")
    agent.mark()
    return agent


# Crashes: three at once, because each takes its time


@pytest.fixture(scope="module")
def broken(machine: Machine) -> dict[str, Agent]:
    hangs = "WatchdogSec=2\n"
    crashes = "[crashes]\ncool_off_s = 1\n"
    agents = {
        "hangs": paper_agent(machine, "hangs", "Hangs", drop_in=QUICK_RESTART + hangs),
        "raises": paper_agent(machine, "raises", "Raises"),
        "crashes": paper_agent(machine, "crashes", "Crashes", crashes, QUICK_RESTART),
    }
    hanging = machine.read("/etc/standfast/agents/hangs.toml")
    machine.write("/etc/standfast/agents/hangs.toml", "callback_timeout_s = 1\n" + hanging)
    for one in agents.values():
        one.start()
    return agents


def test_a_strategy_that_raises_five_times_asks_for_a_human(machine: Machine, broken: dict[str, Agent]) -> None:
    raises = broken["raises"]
    raises.wait("ERROR", "STRATEGY_FAULTS")
    assert raises.event("problem")["MESSAGE"].count("5 times in a row") == 1
    assert raises.restarts == 0
    machine.wait_unit(raises.unit, "active")
    assert raises.stop() < AT_ONCE_S


def test_segfaults_cool_off_and_at_the_second_time_ask_for_a_human(machine: Machine, broken: dict[str, Agent]) -> None:
    crashes = broken["crashes"]
    crashes.wait("WAITING", "CRASH_COOL_OFF")
    entry = crashes.wait("ERROR", "CRASH_LOOP")
    assert "3 unclean ends within 10 min" in entry["MESSAGE"]
    assert "for the second time within 24 h; its last end: signal SEGV at /" in entry["MESSAGE"]
    assert crashes.restarts == 6
    machine.wait_unit(crashes.unit, "active")
    killed = "Main process exited, code=killed, status=11/SEGV"
    ends = machine.journal(since=crashes.since, UNIT=crashes.unit)
    assert sum(killed in end["MESSAGE"] for end in ends) == 6
    last_word = crashes.event("state", STANDFAST_TYPE="AGENT_ENDED_UNCLEAN")["MESSAGE"]
    assert re.search(r"\(signal SEGV at /\S+\.py:\d+ in tick\)", last_word), last_word
    assert crashes.stop() < AT_ONCE_S


def test_a_hung_strategy_is_ended_by_the_watchdog_and_started_anew(machine: Machine, broken: dict[str, Agent]) -> None:
    hangs = broken["hangs"]
    hangs.event("problem", STANDFAST_TYPE="STRATEGY_HUNG")
    machine.wait_journal(since=hangs.since, UNIT=hangs.unit, UNIT_RESULT="watchdog")
    machine.wait_unit(hangs.unit, "active")
    assert hangs.restarts >= 1
    hangs.stop()


def test_memory_has_a_limit_and_eating_it_is_a_crash_of_this_agent_alone(machine: Machine) -> None:
    drop_in = f"{QUICK_RESTART}MemoryMax={MEMORY_MIB}M\nMemorySwapMax=0\n"
    eats = paper_agent(machine, "eats", "Eats", drop_in=drop_in)
    eats.start()
    eats.wait("ACTIVE")
    with memory_limit(eats, MEMORY_MIB):
        machine.write("/srv/bots/eat", "")
        machine.wait_journal(is_killed, since=eats.since, UNIT=eats.unit)
        machine.run("rm /srv/bots/eat")
        machine.wait_unit(eats.unit, "active", NRestarts="1")
    eats.mark()
    wait_until(lambda: eats.status["state"] == "ACTIVE", "one crash is none too many")
    machine.wait_unit("standfast-agent@paper.service", "active", NRestarts="0", timeout_s=1)
    assert eats.stop() < AT_ONCE_S


def is_killed(entry: Entry) -> bool:
    """Whether systemd says that the kernel killed a unit's process for its memory."""
    return entry["MESSAGE"].endswith(("Failed with result 'oom-kill'.", "code=killed, status=9/KILL"))


# A gateway that is away, a key that is bad, a session that is missing


def test_down_at_start_it_waits_for_ever_and_trades_soon_after(server: OpenAlgo, agent: Agent) -> None:
    server.turn(down=True)
    assert agent.start() < 2 * AT_ONCE_S, "systemctl start does not wait for the gateway"
    agent.logged("Attempt 2 failed")
    assert agent.status["state"] == "STARTING"
    assert agent.stop() < AT_ONCE_S, "in the middle of a retry"
    agent.start()
    agent.wait("WAITING", "OPENALGO_DOWN")
    pid = agent.show("MainPID")
    wait_until(lambda: len(agent.lines("[HEALTH-CHECK] Failed")) >= 4 + RECHECKS, "the rechecks")
    assert (agent.restarts, agent.show("MainPID")) == (0, pid)
    assert len(agent.machine.journal(since=agent.since, STANDFAST_EVENT="problem", STANDFAST_UNIT=agent.unit)) == 1
    assert agent.stop() < AT_ONCE_S, "from WAITING"
    agent.start()
    agent.wait("WAITING", "OPENALGO_DOWN")
    calls = server.turn(down=False)["calls"]
    wait_until(lambda: server.turn()["calls"] != calls, "the next check")
    agent.event("resolved", STANDFAST_TYPE="OPENALGO_DOWN")


def test_down_in_the_session_it_waits_and_comes_back_with_what_it_holds(server: OpenAlgo, trading: Agent) -> None:
    server.turn(down=True)
    trading.wait("WAITING")
    pid = trading.show("MainPID")
    back_s = since_back(server, trading)
    print(f"{trading.machine.debian}: ACTIVE {back_s:.2f} s after the gateway was back, checks every {CHECK_S} s")
    assert back_s < CHECK_S + 2
    trading.logged("[STATE] Reconciled: holding")
    assert (trading.restarts, trading.show("MainPID")) == (0, pid)
    assert server.turn()["net"] == {"SBIN:MIS": 5, "TCS:MIS": 2}
    assert len(trading.status["orders"]) == 3


def since_back(server: OpenAlgo, agent: Agent) -> float:
    """Bring the gateway back; the seconds until the agent was ACTIVE."""
    clock = "date +%s.%N"
    before_s = float(agent.machine.run(clock).stdout)
    server.turn(down=False)
    return unix_s(agent.wait("ACTIVE")) - before_s


def test_a_hanging_gateway_in_the_session_is_one_that_is_away(server: OpenAlgo, trading: Agent) -> None:
    server.turn(hangs=True)
    trading.wait("WAITING", "OPENALGO_DOWN")
    server.turn(hangs=False)
    trading.wait("ACTIVE")
    assert trading.restarts == 0


def test_a_silent_feed_is_a_lost_one(server: OpenAlgo, trading: Agent) -> None:
    server.turn(feed={"silent": True})
    trading.wait("WAITING", "FEED_STALE")
    server.turn(feed={"silent": False})
    trading.wait("ACTIVE")
    assert trading.restarts == 0


def test_a_bad_key_asks_for_a_human_and_a_reload_ends_it(server: OpenAlgo, agent: Agent) -> None:
    server.turn(key="another")
    agent.start()
    agent.wait("ERROR", "OPENALGO_AUTH_FAILED")
    assert agent.stop() < AT_ONCE_S, "from ERROR"
    agent.start()
    agent.wait("ERROR", "OPENALGO_AUTH_FAILED")
    calls = server.turn(key=KEYS[0])["calls"]
    agent.machine.run(["systemctl", "reload", agent.unit])
    agent.wait("STARTING")
    agent.wait("ACTIVE")
    assert agent.restarts == 0
    assert calls["ping"] >= 2, "seen twice before it was believed"


def test_a_missing_session_ends_with_the_login(server: OpenAlgo, agent: Agent) -> None:
    server.turn(logged_in=False)
    agent.start()
    agent.wait("ERROR", "BROKER_NOT_LOGGED_IN")
    server.turn(logged_in=True)
    agent.wait("ACTIVE")
    agent.event("resolved", STANDFAST_TYPE="BROKER_NOT_LOGGED_IN")
    agent.mark()
    server.turn(logged_in=False)
    agent.wait("ERROR", "BROKER_NOT_LOGGED_IN")
    assert agent.stop() < 2 * AT_ONCE_S, "from ERROR, with positions that cannot be asked for"
    assert agent.event("shutdown")["STANDFAST_TYPE"] == "POSITIONS_UNVERIFIED"
    server.turn(logged_in=True)
    agent.start()
    agent.wait("ACTIVE")


# The end


def test_a_clean_stop_is_quick_and_flat(server: OpenAlgo, agent: Agent) -> None:
    took_s = timed_stops(agent, 20)
    median_s = statistics.median(took_s)
    print(
        f"{agent.machine.debian}: 20 stops with 3 orders and 2 positions: {median_s:.3f} s, worst {max(took_s):.3f} s"
    )
    ends = agent.machine.journal(STANDFAST_UNIT=agent.unit, STANDFAST_EVENT="shutdown")[-20:]
    assert all(": flat (closed +5 NSE:SBIN MIS, +2 NSE:TCS MIS)" in end["MESSAGE"] for end in ends)
    account = server.turn()
    assert not any(account["net"].values())
    assert not {"open", "trigger pending"} & set(account["orders"])
    assert account["orders"].count("cancelled") == 60
    assert len(took_s) == 20
    assert median_s < 0.5


def test_a_gateway_that_never_answers_holds_the_end_up_for_less_than_nine_seconds(machine: Machine, pair: Ward) -> None:
    server, agent = pair.server, pair.agent
    agent.start()
    agent.logged("HOLDING")
    agent.mark()
    server.turn(hangs=True)
    stopping = machine.spawn(["systemctl", "stop", agent.unit])
    begun = agent.logged("[STATE] Agent pair: ACTIVE -> SHUTDOWN")
    machine.run(["kill", "-TERM", agent.show("MainPID")])  # a second one changes nothing
    stopping.communicate(timeout=15)
    ended = machine.wait_journal(is_success, since=agent.since, UNIT=agent.unit)
    took_s = unix_s(ended) - unix_s(begun)
    print(f"{machine.debian}: against a hung gateway it ended after {took_s:.2f} s")
    assert took_s < 9
    end = agent.event("shutdown")
    assert (end["STANDFAST_TYPE"], end["PRIORITY"]) == ("POSITIONS_UNVERIFIED", "2")
    assert "unverified" in end["MESSAGE"]
    machine.wait_journal(is_message_about_pair, since=agent.since, SYSLOG_IDENTIFIER="standfast-notifier")
    server.turn(hangs=False)
    agent.start()
    agent.logged("[STATE] Reconciled: holding +5 NSE:SBIN MIS, +2 NSE:TCS MIS, 3 orders pending")
    agent.wait("ACTIVE")
    agent.stop()
    assert ": flat (closed" in agent.event("shutdown")["MESSAGE"]
    assert not any(server.turn()["net"].values())


def is_success(entry: Entry) -> bool:
    return "Deactivated successfully" in entry["MESSAGE"]


def is_message_about_pair(entry: Entry) -> bool:
    return (
        "[NOTIFICATION]" in entry["MESSAGE"] and "Agent pair" in entry["MESSAGE"] and "unverified" in entry["MESSAGE"]
    )


def test_a_gateway_that_dies_in_the_middle_of_the_end(server: OpenAlgo, trading: Agent) -> None:
    server.turn(dies_at="cancelorder")
    assert trading.stop() < 9, "it asks as long as the budgets last: the gateway may be back"
    assert trading.event("shutdown")["STANDFAST_TYPE"] == "POSITIONS_UNVERIFIED"
    server.turn(dies_at="", dead=False)
    trading.start()
    trading.logged("[STATE] Reconciled: holding +5 NSE:SBIN MIS, +2 NSE:TCS MIS, 3 orders pending")
    trading.wait("ACTIVE")
    trading.stop()
    assert not any(server.turn()["net"].values())


# Killed

AWAY = "/srv/away"


@pytest.mark.parametrize("strategy", ["Holder", "Quiet"])
def test_killed_and_stopped_at_the_same_moment_it_is_told_with_what_it_held(machine: Machine, strategy: str) -> None:
    machine.run("sed -i 's/^clock_grace_s .*/clock_grace_s = 0/' /etc/standfast/detector.toml")
    machine.run("systemctl restart standfast-detector")
    killed = paper_agent(machine, "killed", strategy, f'faults_file = "{AWAY}"\n')
    config = "/etc/standfast/agents/killed.toml"
    machine.write(config, 'symbols = ["NSE:SBIN", "NSE:TCS"]\n' + machine.read(config))
    killed.start()
    killed.wait("ACTIVE")
    is_watched = strategy == "Holder"
    wait_until(lambda: is_watched is (killed.status["flat"] is False), "what it is to hold")
    kill, stop = f"kill -KILL {killed.show('MainPID')}", f"systemctl stop {killed.unit}"
    if is_watched:
        machine.run(f"{kill}; {stop}")
    else:  # and stopped before its restart, which has systemd forget it
        machine.run(f"systemctl stop standfast-detector; {kill}")
        wait_until(lambda: killed.show("SubState") == "auto-restart", "its restart to be pending")
        machine.run(stop)
        wait_until(lambda: killed.show("Result") == "success", "systemd to have forgotten it")
        machine.run("systemctl start standfast-detector")
    told = killed.event("problem", STANDFAST_TYPE="AGENT_ENDED_UNCLEAN")
    held = told["MESSAGE"].partition("By its own books it held ")[2]
    some = r"\+\d NSE:SBIN MIS, \+2 NSE:TCS MIS(, . orders? pending)? \(on paper\), and .*"
    assert re.fullmatch(some if is_watched else "nothing", held)
    assert told["STANDFAST_SEVERITY"] == ("critical" if is_watched else "warning")
    assert "broker" not in told["STANDFAST_ACTION"], "it is on paper"
    books = held.partition(", and ")[0]
    ended = f"Agent killed did not end in order (signal KILL); by its own books it holds {books}"
    assert killed.show("StatusText") == (ended if is_watched else ""), "not what it said when all was well"
    machine.run("systemctl restart standfast-detector")
    wait_until(lambda: killed.unit in machine.run("cat /run/standfast/detector/status.json", check=False).stdout, "it")
    assert not machine.journal(since=killed.since, STANDFAST_EVENT="resolved", STANDFAST_UNIT=killed.unit), "not over"
    machine.write(AWAY, "down" if is_watched else "")
    killed.start()
    if is_watched:  # its process runs, and nobody manages what it holds
        waits = killed.event("update", STANDFAST_TYPE="AGENT_ENDED_UNCLEAN")["MESSAGE"]
        assert waits.endswith(f"but is STARTING: until it is ACTIVE nobody manages what it held ({books})")
        assert books in killed.event("problem", STANDFAST_TYPE="OPENALGO_DOWN")["MESSAGE"]
        assert not machine.journal(since=killed.since, STANDFAST_EVENT="resolved", STANDFAST_UNIT=killed.unit)
        machine.run(f"rm {AWAY}; systemctl reload {killed.unit}")
    over = killed.event("resolved", STANDFAST_TYPE="AGENT_ENDED_UNCLEAN")
    assert (f"it held {books} by its own books, which its strategy manages again" in over["MESSAGE"]) is is_watched
    killed.wait("ACTIVE")
    assert killed.stop() < AT_ONCE_S


# What lasts


def test_two_agents_side_by_side(machine: Machine, server: OpenAlgo, trading: Agent, pair: Ward) -> None:
    pair.agent.start()
    pair.agent.logged("HOLDING")
    pair.server.turn(down=True)
    pair.agent.wait("WAITING")
    assert trading.status["state"] == "ACTIVE"
    assert machine.journal(since=trading.since, STANDFAST_UNIT=trading.unit, STANDFAST_EVENT="state") == []
    pair.server.turn(down=False)
    pair.agent.wait("ACTIVE")
    trading.stop()
    assert not any(server.turn()["net"].values())
    assert pair.server.turn()["net"] == {"SBIN:MIS": 5, "TCS:MIS": 2}
    pair.agent.stop()
    assert ": flat (closed" in pair.agent.event("shutdown")["MESSAGE"]


def test_a_hundred_state_queries_as_the_earlier_system_made_them(trading: Agent) -> None:
    average_ms, states = query_ms(trading)
    print(f"{trading.machine.debian}: a state query takes {average_ms:.4f} ms")
    assert states == ["ACTIVE"]
    assert average_ms <= 0.04


def test_an_order_of_unknown_fate_is_waited_for_before_it_trades_again(server: OpenAlgo, trading: Agent) -> None:
    server.turn(dies_at="placeorder")
    trading.stop()
    assert trading.event("shutdown")["STANDFAST_TYPE"] == "POSITIONS_UNVERIFIED"
    assert server.turn(dies_at="", dead=False)["net"] == {"SBIN:MIS": 5, "TCS:MIS": 2}
    trading.start()
    trading.wait("WAITING", "ORDERS_UNSETTLED")
    open_now = json.loads(trading.machine.run(["standfastctl", "errors", "--json"], check=False).stdout)
    left = {one["error_type"]: one["error_message"] for one in open_now["unresolved_errors"]}["POSITIONS_UNVERIFIED"]
    assert "was started again and looks into the books before it trades; as far as is known it holds" in left
