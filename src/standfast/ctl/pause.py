"""`standfastctl pause`: no new orders of an agent; its feed, its checks and cancelling go on."""

from standfast.agent.flags import FlagKind
from standfast.ctl.flagged import Flagging, when_started
from standfast.overview.running import open_now, paused_by
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone
from standfast.unit_names import agent_unit, short


def _done(name: str, source: Source) -> list[tuple[str, Tone]]:
    lines = [(f"Agent {name} is {paused_by(source) or 'paused'}; no new orders, all else goes on.", Tone.GOOD)]
    if held := open_now(source):
        kept = f"It has {held}; orders of its strategy that would close it are refused as well."
        lines.append((f"{kept} To have it closed: systemctl stop {short(agent_unit(name))}", Tone.WARNING))
    return lines


COMMAND = Flagging(
    name="pause",
    kind=FlagKind.PAUSED,
    word="paused",
    is_so=lambda source: source.get("paused") is True,
    done=_done,
    idle=when_started("paused"),
    after="This outlives restarts. To end it: standfastctl resume {name}",
).command(
    summary="let an agent place no new orders",
    description=(
        "Pauses an agent: no new orders, not to close a position either; the feed, the checks and cancelling go on. "
        "It outlives restarts. For root. "
        "Exits 0 when the agent is paused, 1 when it is not, 2 when called wrongly."
    ),
)
