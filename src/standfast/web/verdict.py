"""The head of the dashboard: how the fleet stands, since when, what failed first, and what to do. Pure."""

from typing import Final

from standfast.overview import problems as wrong
from standfast.overview import snapshot as shots
from standfast.overview.silences import Silenced, silenced
from standfast.overview.snapshot import Snapshot
from standfast.time_words import span
from standfast.web import markup, timeline
from standfast.web.scene import Scene
from standfast.web.steps import Step, steps

# Of so many problems each has its line at once; the others are one step away.
PROBLEMS_SHOWN: Final = 6
# Of so many units that went down with another each is named; the list of units has all.
NAMED: Final = 6


def verdict(scene: Scene) -> str:
    """The section."""
    snapshot = scene.snapshot
    problems = wrong.problems(snapshot)
    tone, words = wrong.headline(snapshot, problems)
    level = shots.level(snapshot)
    since = f'Failure level <strong id="level">{markup.escape(level)}</strong>{_since(scene, level)}'
    told = _problems(_said(scene, problems)) + _silences(snapshot)
    rest = _cause(scene) + _steps(steps(snapshot)) + _by_itself(snapshot) + told + _ahead(scene)
    return markup.head(tone, markup.escape(words), since, rest)


def _since(scene: Scene, level: str) -> str:
    since = timeline.level_since(scene.history, level)
    if since is None:
        return ""
    return f" since {markup.moment(since)}, {span(scene.snapshot.now - since)} ago"


def _cause(scene: Scene) -> str:
    causes = shots.root_causes(scene.snapshot)
    if not causes:
        return ""
    first = shots.failed_first(scene.snapshot)
    how = "failed first" if len(first) == 1 else "failed at the same time as the others, by itself"
    said = "".join(
        f"<li>{_one_cause(scene.snapshot, cause, how if cause in first else 'failed too, by itself')}</li>"
        for cause in causes
    )
    title = "Probable root cause" if len(causes) == 1 else "Probable root causes"
    return f'<div class="cause"><h2>{title}</h2><ul>{said}</ul></div>'


def _one_cause(snapshot: Snapshot, cause: str, how: str) -> str:
    took, need = (
        shots.texts(shots.table(snapshot.detector.get(key)).get(cause)) for key in ("took_along", "needed_by")
    )
    words = f"{markup.unit_link(cause)} {how}" + (f" and took along {_others(took)}" if took else "")
    fail = "fails too, and needs it" if len(need) == 1 else "fail too, and need it"
    return f"{words}; {_others(need)} {fail}" if need else words


def _others(units: list[str]) -> str:
    others = ", ".join(markup.unit_link(unit) for unit in units[:NAMED])
    return others + (f" and {len(units) - NAMED} others" if len(units) > NAMED else "")


def _steps(found: list[Step]) -> str:
    if not found:
        return ""
    lines = "".join(f"<li>{_step(one)}</li>" for one in found)
    return f'<div class="steps"><h2>What to do</h2><ol>{lines}</ol></div>'


def _step(one: Step) -> str:
    words = markup.name(one.words)
    return f"{words}: {markup.command(one.command)}" if one.command else f"{words}."


def _by_itself(snapshot: Snapshot) -> str:
    """Whether a master restart comes while nobody does anything: who wakes up to a cascade wants to know that first."""
    detector = snapshot.detector
    reason = shots.table(detector.get("decision")).get("reason")
    until = shots.blocked_until(detector)
    words = ""
    if reason == "observe":
        words = "No master restart comes by itself: the mode is observe"
    elif shots.waits_for_release(detector):
        words = "No master restart comes by itself" + (f" until {markup.moment(until)}" if until else "")
    elif reason == "gap" and until:
        words = f"If this lasts, a master restart is asked for after {markup.moment(until)}"
    return f'<p class="by-itself">{words}.</p>' if words else ""


def _said(scene: Scene, problems: list[str]) -> list[str]:
    """Why the level is what it is, and what else is wrong; errors and what is foreseen have their own places."""
    reasons = shots.texts(scene.snapshot.detector.get("reasons"))
    if shots.not_judged(scene.snapshot):
        reasons = []  # the headline says it
    others = [line for line in problems if line not in wrong.summaries(scene.snapshot)]
    foreseen = tuple(wrong.foreseen(scene.snapshot))
    return [line for line in reasons + others if not line.endswith(foreseen)]


def _problems(problems: list[str]) -> str:
    if not problems:
        return ""
    lines = [f"<li>{markup.long_prose(problem)}</li>" for problem in problems]
    shown = f'<ul class="problems">{"".join(lines[:PROBLEMS_SHOWN])}</ul>'
    if len(lines) <= PROBLEMS_SHOWN:
        return shown
    more = f"<summary>{markup.count(len(lines) - PROBLEMS_SHOWN, 'more line')}</summary>"
    return f'{shown}<details>{more}<ul class="problems">{"".join(lines[PROBLEMS_SHOWN:])}</ul></details>'


def _silences(snapshot: Snapshot) -> str:
    """Who hears nothing sees why."""
    lines = "".join(f"<li>{_silence(one)}</li>" for one in silenced(snapshot))
    return f'<ul class="problems silences">{lines}</ul>' if lines else ""


def _silence(one: Silenced) -> str:
    begin = f"from {markup.moment(one.start)} " if one.start else ""
    step = f"; to end it: {markup.command(f'standfastctl unsilence {one.id}')}" if one.id else ""
    until = markup.moment(one.end, "nobody knows when")
    return f"Silenced {begin}until {until}: {markup.name(one.what)} ({markup.name(one.about)}){step}"


def _ahead(scene: Scene) -> str:
    expected = wrong.foreseen(scene.snapshot)
    if not expected:
        return ""
    lines = "".join(f"<li>{markup.name(one)}</li>" for one in expected)
    return f'<div class="ahead"><h2>What is likely to fail next</h2><ul>{lines}</ul></div>'
