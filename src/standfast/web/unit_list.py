"""The watched units by health, the failing ones with their last lines from the journal. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from standfast.overview import snapshot as shots
from standfast.overview.tones import Tone, is_failing, unit_tone
from standfast.overview.unit_words import blind, failing_looks, state, why
from standfast.web import markup
from standfast.web.scene import Scene
from standfast.web.timeline import Line

# So many well units are listed at once; more are one step away.
WELL_SHOWN: Final = 12
# So many failing ones are shown in full.
WORST_SHOWN: Final = 20
_WELL: Final = "healthy"

Row = Mapping[str, Any]


def unit_list(scene: Scene) -> str:
    """The section."""
    units = shots.watched(scene.snapshot)
    if not units:
        watching = scene.snapshot.detector.status is not None
        words = "No unit is watched." if watching else "Unknown: the failure detector tells nothing."
        return markup.card("units", "Units", markup.empty(words))
    failing = {name: row for name, row in units.items() if is_failing(row)}
    well = {name: row for name, row in units.items() if unit_tone(row) is Tone.GOOD}
    others = {name: row for name, row in units.items() if name not in failing and name not in well}
    shown = _worst(scene, failing) + _items("others", [_row(name, row) for name, row in others.items()])
    return markup.card("units", "Units", shown + _well(well), _summary(len(failing), len(others), len(well)))


def _worst(scene: Scene, failing: Mapping[str, Row]) -> str:
    """The failing units, the root causes first; of very many the rest folded."""
    firsts = _firsts(scene)
    names = sorted(failing, key=lambda name: name not in firsts)
    in_full = [_failing(name, failing[name], scene.lines.get(name, ()), name in firsts) for name in names[:WORST_SHOWN]]
    rest = [_row(name, failing[name]) for name in names[WORST_SHOWN:]]
    shown = _items("failing", in_full)
    if not rest:
        return shown
    summary = f"<summary>{markup.count(len(rest), 'more failing unit')}</summary>"
    return f'{shown}<details id="worst">{summary}{_items("others", rest)}</details>'


def systemd_says(row: Row) -> str:
    """The unit's state in systemd's words."""
    states = "/".join(filter(None, (str(row.get(key) or "") for key in ("active_state", "sub_state"))))
    result = row.get("result")
    return states + (f", {result}" if result and result != "success" else "")


def log(lines: Sequence[Line]) -> str:
    """Lines of a journal, the oldest first; what is more urgent than a notice stands out."""
    items = "".join(
        f'<li class="{"urgent" if line.priority <= 4 else "usual"}">{markup.moment(line.at)} '
        f"<span>{markup.escape(line.text)}</span></li>"
        for line in lines
    )
    return f'<ol class="log">{items}</ol>'


def _firsts(scene: Scene) -> set[str]:
    level = shots.level(scene.snapshot)
    return set(shots.texts(scene.snapshot.detector.get("root_cause"))) if level in shots.LEVELS[1:] else set()


def _summary(failing: int, others: int, well: int) -> str:
    parts = [(failing, "failing"), (others, "other"), (well, "healthy")]
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def _items(kind: str, items: list[str]) -> str:
    return f'<ul class="units {kind}" data-key="{kind}">{"".join(items)}</ul>' if items else ""


def _failing(name: str, row: Row, lines: Sequence[Line], first: bool) -> str:
    badge = ' <strong class="badge">root cause</strong>' if first else ""
    return (
        f'<li data-key="{markup.attribute(name)}">{markup.mark(Tone.BAD)}<div>{markup.unit_link(name)}{badge}'
        f'<p class="state">{_state(row)}</p><p class="meta">{_meta(row)}</p>{log(lines) if lines else ""}</div></li>'
    )


def _row(name: str, row: Row) -> str:
    return (
        f'<li data-key="{markup.attribute(name)}">{markup.mark(unit_tone(row))}'
        f'<div>{markup.unit_link(name)} <span class="state">{_state(row)}</span></div></li>'
    )


def _state(row: Row) -> str:
    status = row.get("status")
    said = "; ".join(blind(row)) if status == _WELL else why(row)
    words = markup.text(state(row))
    return f"{words}: {markup.escape(said)}" if said and said != status else words


def _meta(row: Row) -> str:
    restarts = shots.number(row.get("restarts"))
    parts = [failing_looks(row), markup.escape(systemd_says(row))]
    parts.append(f"{markup.count(restarts, 'restart')} by systemd's count" if restarts else "")
    parts += [f"{key} {markup.text(row.get(key))}" for key in ("tier", "port") if row.get(key)]
    failed = [
        name for name, check in shots.table(row.get("checks")).items() if shots.table(check).get("healthy") is False
    ]
    parts += [f"check {markup.escape(name)} fails" for name in failed]
    return " · ".join(filter(None, parts))


def _well(units: Mapping[str, Row]) -> str:
    rows = [_row(name, row) for name, row in units.items()]
    if len(rows) <= WELL_SHOWN:
        return _items("well", rows)
    summary = f"<summary>{markup.count(len(rows), 'healthy unit')}</summary>"
    return f'<details id="well">{summary}{_items("well", rows)}</details>'
