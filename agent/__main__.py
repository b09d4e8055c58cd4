"""The agent's entry: builds the edges and wires them."""

import io
import os
import re
import sys
import threading
from typing import Final

from standfast import daemon, paths
from standfast.agent import last_word, remains
from standfast.agent.belongings import Belongings, Files
from standfast.agent.runner import PULSE_AGE_S, Runner
from standfast.agent.unit import warn_of_short_stop_timeout
from standfast.agent.voice import Voice
from standfast.daemon import EXIT_CONFIG, Frame

LAST_WORD: Final = "--last-word"
IDENTIFIER: Final = "standfast-agent"
# How long the interpreter may take to end after the agent has.
LINGER_S: Final = 0.3
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def main() -> int:
    """Run the agent that the first argument names; with --last-word, say what it held when it ended."""
    name, *options = sys.argv[1:] or [""]
    if not NAME.fullmatch(name) or options not in ([], [LAST_WORD]):
        print(f"cannot start: expected one agent name of letters, digits, _ . -, found {sys.argv[1:]}", file=sys.stderr)
        return EXIT_CONFIG
    if options:
        return last_word.say(name, IDENTIFIER, os.environ)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what a strategy prints is in the journal at once
    return daemon.run(IDENTIFIER, lambda frame: _program(frame, name))


async def _program(frame: Frame, name: str) -> None:
    files = Files(paths.agent_config(name), paths.agent_database(name), paths.agent_status(name))
    have = Belongings(files, os.environ)
    voice = Voice(name, frame.journal, frame.heartbeat, files.status, lambda: have.setting)
    runner = Runner(name, have, voice, frame.heartbeat.pulse("the strategy", PULSE_AGE_S))
    frame.on_reload(runner.life.reload)
    runner.begin()
    remains.listen(files.remains)
    frame.heartbeat.ready()
    if "NOTIFY_SOCKET" in os.environ:
        asked = (voice.messages.unit, have.config.shutdown.timeout_s)
        threading.Thread(target=warn_of_short_stop_timeout, args=asked, daemon=True).start()
    await runner.run(frame.stop)
    frame.journal.flush()
    # All is done and told. What still runs is a strategy's task that does not let itself be cancelled.
    last_resort = threading.Timer(LINGER_S, os._exit, (0,))
    last_resort.daemon = True
    last_resort.start()


if __name__ == "__main__":
    sys.exit(main())
