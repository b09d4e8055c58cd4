"""`standfastctl resume`: undoes `pause` and `kill`."""

from standfast.ctl import flagging
from standfast.ctl.flagged import Flagging, Flags, Lines
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone
from standfast.unit_names import agent_unit, short

_LOOKS = "It looks at its dependencies first; standfastctl status shows what it does."


def _is_free(source: Source) -> bool:
    return source.get("paused") is False and not flagging.is_killed(source)


def _done(name: str, source: Source) -> Lines:
    return [
        (f"Agent {name} is neither paused nor killed now.", Tone.GOOD),
        (_LOOKS, Tone.PLAIN),
    ]


def _idle(name: str, flags: Flags) -> Lines:
    """What was undone of an agent that does not run: that it trades again is not all of it, nor by itself."""
    was = " and ".join(flags) or "neither paused nor killed"
    undone = "; that is undone, and it does not run" if flags else ", and does not run"
    return [
        (f"Agent {name} was {was}{undone}.", Tone.WARNING),
        (f"Holds: {flagging.held_while_down(name)}.", Tone.PLAIN),
        (f"To let it trade again: systemctl start {short(agent_unit(name))}", Tone.PLAIN),
    ]


COMMAND = Flagging(
    name="resume",
    kind=None,
    word="resumed",
    is_so=_is_free,
    done=_done,
    idle=_idle,
    untouched="Agent {name} was neither paused nor killed.",
    reloaded=f"It was reloaded all the same. {_LOOKS}",
).command(
    summary="let a paused or killed agent trade again",
    description=(
        "Undoes `pause` and `kill`; the agent checks its dependencies and goes on. For root. "
        "Exits 0 when it is so, 1 when it is not, 2 when called wrongly."
    ),
)
