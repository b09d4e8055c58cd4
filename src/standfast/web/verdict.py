"""The head of the dashboard: the level in words, since when, what failed first, and what to do. Pure."""

from html import escape
from typing import Final

from standfast.time_words import span
from standfast.web import markup, timeline
from standfast.web import snapshot as shots
from standfast.web.report import headline
from standfast.web.scene import Scene

# Of so many problems each has its line at once; the others are one step away.
PROBLEMS_SHOWN: Final = 6


def verdict(scene: Scene) -> str:
    """The section."""
    snapshot = scene.snapshot
    problems = shots.problems(snapshot)
    tone, words = headline(snapshot, problems)
    level = shots.level(snapshot)
    return (
        f'<section id="verdict" data-part class="verdict {tone}" aria-labelledby="level">'
        f'<div class="level">{markup.mark(tone, "large")}'
        f'<h1 id="level">{escape(level)}</h1><p class="headline">{escape(words)}</p></div>'
        f"{_since(scene, level)}{_cause(scene, level)}{_problems(_said(scene, problems))}{_ahead(scene)}</section>"
    )


def _since(scene: Scene, level: str) -> str:
    since = timeline.level_since(scene.history, level)
    if since is None:
        return ""
    return f'<p class="since">Since {markup.moment(since)}, {span(scene.snapshot.now - since)} ago</p>'


def _cause(scene: Scene, level: str) -> str:
    """What failed first; while nothing is worth a level, nothing did."""
    detector = scene.snapshot.detector
    causes = shots.texts(detector.get("root_cause")) if level in shots.LEVELS[1:] else []
    if not causes:
        return ""
    took_along = shots.table(detector.get("took_along"))
    how = "failed first" if len(causes) == 1 else "failed by itself"
    said = "".join(f"<li>{_one_cause(cause, how, shots.texts(took_along.get(cause)))}</li>" for cause in causes)
    title = "Probable root cause" if len(causes) == 1 else "Probable root causes"
    return f'<div class="cause"><h2>{title}</h2><ul>{said}</ul></div>'


def _one_cause(cause: str, how: str, took_along: list[str]) -> str:
    others = ", ".join(markup.unit_link(unit) for unit in took_along)
    return f"{markup.unit_link(cause)} {how}" + (f" and took along {others}" if others else "")


def _said(scene: Scene, problems: list[str]) -> list[str]:
    """Why the level is what it is, and what else is wrong; errors and what is foreseen have their own places."""
    reasons = shots.texts(scene.snapshot.detector.get("reasons"))
    others = [line for line in problems if line not in shots.summaries(scene.snapshot)]
    foreseen = tuple(shots.foreseen(scene.snapshot))
    return [line for line in reasons + others if not line.endswith(foreseen)]


def _problems(problems: list[str]) -> str:
    if not problems:
        return ""
    lines = [f"<li>{markup.name(problem)}</li>" for problem in problems]
    shown = f'<ul class="problems">{"".join(lines[:PROBLEMS_SHOWN])}</ul>'
    if len(lines) <= PROBLEMS_SHOWN:
        return shown
    more = f"<summary>{markup.count(len(lines) - PROBLEMS_SHOWN, 'more line')}</summary>"
    return f'{shown}<details>{more}<ul class="problems">{"".join(lines[PROBLEMS_SHOWN:])}</ul></details>'


def _ahead(scene: Scene) -> str:
    expected = shots.foreseen(scene.snapshot)
    if not expected:
        return ""
    lines = "".join(f"<li>{markup.name(one)}</li>" for one in expected)
    return f'<div class="ahead"><h2>What is likely to fail next</h2><ul>{lines}</ul></div>'
