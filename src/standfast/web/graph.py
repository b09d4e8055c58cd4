"""The dependency graph as HTML: a list of the units, and the arcs between them drawn beside it. Pure."""

from typing import Final

from standfast.overview import snapshot as shots
from standfast.overview.tones import is_failing, unit_tone
from standfast.overview.unit_words import state
from standfast.web import markup
from standfast.web.rails import Arc, Rails, rails
from standfast.web.scene import Scene

# In em: the height of a row, and the width of the drawing with the column of the units' marks at its right.
ROW_EM: Final = 2.25
_STEP_EM: Final = 0.55
_WIDEST_EM: Final = 5.5
_NARROWEST_EM: Final = 1.25


def graph(scene: Scene) -> str:
    """The section; "" when no watched unit needs another."""
    units = shots.watched(scene.snapshot)
    needs = {name: shots.texts(row.get("needs")) for name, row in units.items()}
    after = {name: shots.texts(row.get("after")) for name, row in units.items()}
    failing = [name for name, row in units.items() if is_failing(row)]
    found = rails(needs, after, failing)
    if not found.arcs:
        return ""
    legend = "Each unit stands below those that it needs (line) or is started after (dashed)."
    left_out = (
        f" Of {len(found.units) + found.left_out} units those in trouble and their neighbours are drawn."
        if found.left_out
        else ""
    )
    rows = "".join(_row(scene, name, needs[name]) for name in found.units)
    inner = (
        f'<p class="note">{legend}{left_out}</p><div class="rails">{_drawing(found, set(failing))}<ol>{rows}</ol></div>'
    )
    return markup.card("graph", "Dependencies", inner)


def _row(scene: Scene, name: str, needs: list[str]) -> str:
    units = shots.watched(scene.snapshot)
    row = units[name]
    known = [other for other in needs if other in units]
    said = f'<span class="hidden">needs {markup.escape(", ".join(known))}</span>' if known else ""
    return (
        f'<li data-key="{markup.attribute(name)}">{markup.mark(unit_tone(row))}{markup.short_unit_link(name)}'
        f'<span class="state {unit_tone(row)}">{markup.text(state(row))}</span>{said}</li>'
    )


def _drawing(found: Rails, failing: set[str]) -> str:
    width = min(_WIDEST_EM, max(_NARROWEST_EM, *(_bulge(arc) for arc in found.arcs)) + 0.5)
    height = ROW_EM * len(found.units)
    paths = "".join(_path(arc, width, found, failing) for arc in found.arcs)
    return (
        f'<svg width="{width:g}em" height="{height:g}em" viewBox="0 0 {width * 16:g} {height * 16:g}" '
        f'aria-hidden="true">{paths}</svg>'
    )


def _path(arc: Arc, width: float, found: Rails, failing: set[str]) -> str:
    x, bulge = (width - 0.15) * 16, min(_bulge(arc), width - 0.4) * 16
    upper, lower = ((row + 0.5) * ROW_EM * 16 for row in (arc.upper, arc.lower))
    both = {found.units[arc.upper], found.units[arc.lower]} <= failing
    kind = " ".join(filter(None, ("hard" if arc.hard else "soft", "bad" if both else "")))
    turn = min((lower - upper) / 2, bulge)
    return (
        f'<path class="{kind}" d="M{x:g} {upper:g}Q{x - bulge:g} {upper:g} {x - bulge:g} {upper + turn:g}'
        f'V{lower - turn:g}Q{x - bulge:g} {lower:g} {x:g} {lower:g}"/>'
    )


def _bulge(arc: Arc) -> float:
    """How far to the left an arc goes, in em: the farther, the more rows it spans."""
    return 0.7 + _STEP_EM * (arc.lower - arc.upper)
