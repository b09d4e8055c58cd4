"""The page of one watched unit. Pure."""

from collections.abc import Mapping, Sequence
from shlex import join
from typing import Any

from standfast.overview import snapshot as shots
from standfast.overview.tones import is_failing, tone, unit_tone
from standfast.overview.unit_words import is_at_once, state, why
from standfast.web import markup
from standfast.web.documents import needed_by
from standfast.web.scene import Scene
from standfast.web.steps import again
from standfast.web.timeline import Line
from standfast.web.unit_list import log, systemd_says


def unit_page(scene: Scene, name: str, lines: Sequence[Line]) -> str:
    """The whole document, for a unit that is watched."""
    row = shots.watched(scene.snapshot)[name]
    beside = f"<div>{_facts(scene, name, row)}{_checks(row)}</div>"
    main = (
        f'<p class="back"><a href="/">All of the fleet</a></p>{_head(name, row)}'
        f'<div class="columns"><div>{_log(name, row, lines)}</div>{beside}</div>'
    )
    return markup.document(f"{name}: {state(row)}", scene.host, main, scene.snapshot.now)


def _head(name: str, row: Mapping[str, Any]) -> str:
    said, status = why(row), markup.text(state(row))
    words = f"{status}: {markup.escape(said)}" if said and said != row.get("status") else status
    return markup.head(unit_tone(row), markup.name(name), f'<span id="level">{words}</span>', kind="unit")


def _log(name: str, row: Mapping[str, Any], lines: Sequence[Line]) -> str:
    shown = log(lines) if lines else markup.empty("The journal has none, or they are not shown here.")
    hint = f'<p class="note">More: {markup.command(join(["journalctl", "-u", name]))}</p>'
    when = "To start it again" if row.get("start_refused") else "When it is mended"
    step = f'<p class="note">{when}: {markup.command(again([name], {name: row}))}</p>'
    return markup.card("log", "Last lines", shown + hint + (step if is_failing(row) else ""))


def _facts(scene: Scene, name: str, row: Mapping[str, Any]) -> str:
    rows = [
        ("Failures in a row", markup.text(row.get("consecutive_failures")) + _alarms(row)),
        ("systemd says", markup.escape(systemd_says(row)) or "unknown"),
        ("Restarted by systemd", f"{markup.text(row.get('restarts'))} times"),
        ("Tier", markup.text(row.get("tier"))),
        ("In a master restart", markup.text(row.get("restart"))),
        ("Port", markup.text(row.get("port"), "none")),
        ("Last look", markup.moment(row.get("last_check"), "never")),
        ("Needs", _units(scene, shots.texts(row.get("needs")))),
        ("Needed by", _units(scene, needed_by(scene.snapshot, name))),
        ("Started after", _units(scene, shots.texts(row.get("after")))),
    ]
    return markup.card("facts", "The unit", markup.facts(rows))


def _alarms(row: Mapping[str, Any]) -> str:
    """At how many failures in a row it is worth what."""
    at = shots.table(row.get("thresholds"))
    said = [
        f"{word} at {number}" for word in ("warning", "critical", "cascading") if (number := shots.number(at.get(word)))
    ]
    at_once = "; counted at once, for nothing will start it again by itself" if is_at_once(row) else ""
    return f" ({', '.join(said)}{at_once})" if said else ""


def _units(scene: Scene, names: Sequence[str]) -> str:
    known = shots.watched(scene.snapshot)
    return ", ".join(markup.unit_link(one) if one in known else markup.name(one) for one in names) or "none"


def _checks(row: Mapping[str, Any]) -> str:
    checks = shots.table(row.get("checks"))
    if not checks:
        return ""
    return markup.card("checks", "Checks", f'<ul class="rows">{"".join(map(_check, checks.items()))}</ul>')


def _check(item: tuple[str, Any]) -> str:
    name, found = item[0], shots.table(item[1])
    detail = f": {markup.escape(str(found['detail']))}" if found.get("detail") else ""
    outcome = shots.outcome(found)
    return f"<li>{markup.mark(tone(outcome))}<div>{markup.escape(name)}<p>{outcome}{detail}</p></div></li>"
