"""`standfastctl pause`: no new orders of an agent; its feed, its checks and cancelling go on."""

from standfast.agent.flags import FlagKind
from standfast.ctl.flagged import Flagging
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone


def _done(name: str, source: Source) -> list[tuple[str, Tone]]:
    return [(f"Agent {name} is paused: no new orders, all else goes on.", Tone.GOOD)]


COMMAND = Flagging(
    name="pause",
    kind=FlagKind.PAUSED,
    word="paused",
    is_so=lambda source: source.get("paused") is True,
    done=_done,
    idle="Agent {name} does not run; when it is started, it is paused.",
    after="This outlives restarts. To end it: standfastctl resume {name}",
).command(
    summary="let an agent place no new orders",
    description=(
        "Pauses an agent: no new orders; the feed, the checks and cancelling go on. It outlives restarts. For root. "
        "Exits 0 when the agent is paused, 1 when it is not, 2 when called wrongly."
    ),
)
