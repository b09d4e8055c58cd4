"""A story of units that need another, and crash by themselves before it does."""

from __future__ import annotations

from tests.scenarios.story import NINE, Story

A, B, C, D, E, F, *REST = NINE


def dependents_crash_first() -> Story:
    """Each crashes for its own reason; that two need the third took down neither, though their starts wait for it."""
    story = Story(
        "dependents-crash-first",
        "two crash by themselves, then the one that they need, which is given up",
        levels="CASCADING",
        restarts=(106, 420),
        refused="gap same-set",
        needs={B: A, C: A},
    )
    story.up(0, *NINE).crash(100, B, C, back_s=None).crash(100.1, A, back_s=None).give_up(106, A)
    return story.unit(106, B, "inactive").unit(106, C, "inactive").end(900)
