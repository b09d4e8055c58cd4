"""`standfastctl kill`: an agent cancels its pending orders, keeps its positions, and waits for a human."""

from standfast.agent.flags import FlagKind
from standfast.ctl import flagging
from standfast.ctl.flagged import Flagging, when_started
from standfast.overview.holdings import holdings, is_asked, is_on_paper
from standfast.overview.running import open_now
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone


def _done(name: str, source: Source) -> list[tuple[str, Tone]]:
    lines = [(f"Agent {name} is killed. It says: {source.get('reason')}", Tone.GOOD)]
    if source.get("flat") is not True:
        has = f"It has {held}" if (held := open_now(source)) else "Whether it holds anything is not known"
        where = "" if is_on_paper(source) else "; look at them at your broker"
        kept = f"{has}: positions are kept, also over a stop{where}."
        lines.append((kept, Tone.WARNING))
    elif not is_asked(source):
        lines.append((f"It holds {holdings(source)}.", Tone.WARNING))
    return lines


COMMAND = Flagging(
    name="kill",
    kind=FlagKind.KILLED,
    word="killed",
    is_so=flagging.is_killed,
    done=_done,
    idle=when_started("killed"),
    after="This outlives restarts, and its end closes nothing. To let it trade again: standfastctl resume {name}",
).command(
    summary="cancel an agent's pending orders and let it trade no more",
    description=(
        "Kills an agent's trading: pending orders are cancelled, positions are kept, and it stays in ERROR until "
        "`resume`, also over restarts; a stop closes nothing meanwhile. For root. "
        "Exits 0 when it is so, 1 when it is not, 2 when called wrongly."
    ),
)
