"""Units that come up for a moment only: a cascade that goes on."""

from __future__ import annotations

from tests.scenarios.story import NINE, Story, nine

FELLED = NINE[:3]


def pulled_up() -> Story:
    story = nine(
        "pulled-up-for-a-moment",
        "units that systemd has given up are pulled up for 50 ms, again and again, by another's Wants=",
        levels="CASCADING",
        restarts=(100, 420),
        refused="gap same-set",
    )
    story.give_up(100, *FELLED)
    for at in range(800, 1800, 97):
        story.start(at, FELLED[0], took_s=0.05).give_up(at + 0.1, FELLED[0])
    return story.end(2000)


PULLED_UP = (pulled_up,)
