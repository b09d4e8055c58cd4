"""`standfastctl resume`: undoes `pause` and `kill`."""

from standfast.ctl import flagging
from standfast.ctl.flagged import Flagging
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone

_LOOKS = "It looks at its dependencies first; standfastctl status shows what it does."


def _is_free(source: Source) -> bool:
    return source.get("paused") is False and not flagging.is_killed(source)


def _done(name: str, source: Source) -> list[tuple[str, Tone]]:
    return [
        (f"Agent {name} is neither paused nor killed now.", Tone.GOOD),
        (_LOOKS, Tone.PLAIN),
    ]


COMMAND = Flagging(
    name="resume",
    kind=None,
    word="resumed",
    is_so=_is_free,
    done=_done,
    idle="Agent {name} is neither paused nor killed; it does not run: systemctl start standfast-agent@{name}",
    untouched="Agent {name} was neither paused nor killed.",
    reloaded=f"It was reloaded all the same. {_LOOKS}",
).command(
    summary="let a paused or killed agent trade again",
    description=(
        "Undoes `pause` and `kill`; the agent checks its dependencies and goes on. For root. "
        "Exits 0 when it is so, 1 when it is not, 2 when called wrongly."
    ),
)
