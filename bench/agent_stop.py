"""How long an agent takes to end, and to come back: 3 orders pending and 2 positions open at an OpenAlgo server.

    python -m bench.agent_stop [--times 20] [--debian trixie]

A stop is timed as systemctl sees it, inside the machine. The server is the tests' own, on the same machine: it answers
within a millisecond, so that the figures are the agent's share. A state query is one row over an open connection.
"""

import argparse
import statistics

from tests.system.agents import CHECK_S, OpenAlgo, openalgo_agent, query_ms, timed_stops
from tests.system.machine import Machine
from tests.system.package import built_deb
from tests.system.stage import unix_s

KEY = "0123456789abcdef0123456789abcdef"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--times", type=int, default=20)
    arguments.add_argument("--debian", default="trixie")
    options = arguments.parse_args()
    with Machine(options.debian, built_deb(), name="stops") as machine:
        print(f"An agent with 3 orders and 2 positions, Debian {options.debian}:")
        _measure(machine, options.times)


def _measure(machine: Machine, times: int) -> None:
    server = OpenAlgo(machine, "bench-key", KEY)
    # The timeouts that are the default: a hung gateway is met as it would be in production.
    agent = openalgo_agent(machine, "bench", "Holder", server, timeout_s=5)
    took_s = timed_stops(agent, times)
    median_s = statistics.median(took_s)
    _tell(
        f"clean stop, median of {times}", median_s, "s", f"limit 0.5; best {min(took_s):.3f}, worst {max(took_s):.3f}"
    )
    agent.start()
    agent.logged("HOLDING")
    average_ms, _ = query_ms(agent)
    _tell("a state query, average of 100", average_ms, "ms", "limit 0.04")
    server.turn(down=True)
    agent.wait("WAITING")
    agent.mark()
    before_s = float(machine.run("date +%s.%N").stdout)
    server.turn(down=False)
    _tell("gateway back -> ACTIVE", unix_s(agent.wait("ACTIVE")) - before_s, "s", f"limit 2 + {CHECK_S:g} to the check")
    server.turn(hangs=True)
    _tell("stop against a hung gateway", agent.stop(), "s", "limit 9")
    print(f"  {agent.event('shutdown')['MESSAGE']}")


def _tell(what: str, figure: float, unit: str, remark: str) -> None:
    print(f"  {what:32} {figure:8.3f} {unit}  ({remark})", flush=True)


if __name__ == "__main__":
    main()
