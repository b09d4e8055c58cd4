"""The dashboard: what an operator must know, in the order in which it matters at three in the morning. Pure."""

from standfast.overview import snapshot as shots
from standfast.overview.tones import Tone, is_failing
from standfast.web import cards, markup
from standfast.web.band import band
from standfast.web.graph import graph
from standfast.web.scene import Scene
from standfast.web.unit_list import unit_list
from standfast.web.verdict import verdict


def dashboard(scene: Scene) -> str:
    """The whole document."""
    left = unit_list(scene) + graph(scene)
    right = "".join(part(scene) for part in (cards.restarts, cards.errors, cards.agents, cards.checks, cards.channels))
    columns = f'<div class="columns"><div>{left}</div><div>{right}</div></div>'
    main = verdict(scene) + _jumps(scene) + columns + band(scene)
    return markup.document(shots.level(scene.snapshot), scene.host, main, scene.snapshot.now)


def _jumps(scene: Scene) -> str:
    """On a narrow screen: how it stands further down, and the way there."""
    failing = sum(1 for row in shots.watched(scene.snapshot).values() if is_failing(row))
    errors = shots.unresolved(scene.snapshot) if scene.snapshot.notifier.status is not None else "?"
    jumps = (
        ("units", f"{failing} failing" if failing else "Units"),
        ("restarts", "Restart"),
        ("errors", f"{errors} {'error' if errors == 1 else 'errors'}"),
        ("agents", "Agents"),
        ("timeline", "Timeline"),
    )
    links = "".join(f'<li><a href="#{identity}">{words}</a></li>' for identity, words in jumps)
    return f'<nav class="jumps" aria-label="Sections"><ul>{links}</ul></nav>'


def unavailable_page(words: str) -> str:
    """The document for the case that the other one cannot be made."""
    main = markup.head(Tone.BAD, markup.prose(words), f'Failure level <strong id="level">{shots.UNKNOWN}</strong>')
    return markup.document(shots.UNKNOWN, "this host", main, None)


def missing_page(words: str) -> str:
    """The document for an address at which there is nothing, or nothing any more."""
    back = '<a href="/">All of the fleet</a>'
    main = markup.head(Tone.PLAIN, markup.escape(words.capitalize()), back)
    return markup.document(words.capitalize(), "this host", main, None)
