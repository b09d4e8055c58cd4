"""The fake as a program, for a machine of its own: `python3 -m tests.fakes.openalgo KEY`.

It prints its addresses as a line of JSON, then takes commands, a JSON object a line, and answers each with what the
account is like: {"world": {"hangs": true}, "feed": {"silent": true}, "down": false} turns knobs; {} only asks.
"""

import json
import sys
from typing import Any

from tests.fakes.openalgo.server import FakeOpenAlgo
from tests.fakes.openalgo.world import World


def main() -> None:
    """Serve until stdin ends."""
    with FakeOpenAlgo(World(key=sys.argv[1])) as server:
        _say({"url": server.url, "websocket_url": server.websocket_url})
        for line in sys.stdin:
            _obey(server, json.loads(line))
            _say(_account(server.world))


def _obey(server: FakeOpenAlgo, command: dict[str, Any]) -> None:
    for name, target in (("world", server.world), ("feed", server.feed)):
        for knob, value in command.get(name, {}).items():
            assert hasattr(target, knob), knob
            setattr(target, knob, value)
    if command.get("down") is True:
        server.go_down()
    elif command.get("down") is False:
        server.come_up()


def _account(world: World) -> dict[str, Any]:
    with world.lock:
        statuses = [order["order_status"] for order in world.orders]
        return {"net": world.net(), "orders": statuses, "calls": dict(world.calls)}


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
