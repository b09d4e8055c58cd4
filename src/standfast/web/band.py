"""The last 24 hours: the levels as a band, and what happened as a list. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from standfast.events import Kind
from standfast.overview import snapshot as shots
from standfast.overview.tones import Tone, tone
from standfast.time_words import span as in_words
from standfast.web import markup, timeline
from standfast.web.scene import Scene
from standfast.web.timeline import MESSAGE, WATCH, Happening, History, Span

SHOWN: Final = 30
_TICK_EVERY: Final = timedelta(hours=6)
_HEIGHT: Final = 40
# The worse, the higher: colour only repeats it.
_HEIGHTS: Final = {"NONE": 6, "WARNING": 18, "CRITICAL": 29, "CASCADING": 40, shots.UNKNOWN: 6}
_LABELS: Final = {
    Kind.LEVEL: "Level",
    Kind.DECISION: "Decision",
    Kind.RESTART: "Master restart",
    Kind.SHUTDOWN: "Stop",
    Kind.COMMAND: "Command",
    Kind.STATE: "State",
    Kind.PROBLEM: "Problem",
    Kind.UPDATE: "Stands otherwise",
    Kind.RESOLVED: "Over",
    MESSAGE: "Message",
    WATCH: "Seen",
}


def band(scene: Scene) -> str:
    """The section."""
    history, drawn = scene.history, to_the_minute(scene.history)
    if history.trouble:
        return markup.card("timeline", "Last 24 hours", markup.empty(f"Unknown: {history.trouble}."))
    # Words end now: no level has lasted until the end of the minute that is drawn.
    found = timeline.spans(history, shots.level(scene.snapshot))
    restarts = [one for one in history.happenings if one.kind == Kind.RESTART and one.type.endswith("STARTED")]
    said = f'<p class="note">{_said(history, found, len(restarts))}</p>'
    bars = "".join(_bar(span, drawn, span.end >= history.until) for span in found)
    inner = said + _drawing(drawn, bars, restarts) + _ticks(drawn) + _list(history)
    return markup.card("timeline", "Last 24 hours", inner)


def to_the_minute(history: History) -> History:
    """The same up to the end of the minute: a page that says the same is the same page."""
    until = history.until.replace(second=0, microsecond=0) + timedelta(minutes=1)
    since = until - timeline.SPAN
    return replace(history, since=since, until=until)


def _drawing(history: History, bars: str, restarts: list[Happening]) -> str:
    marks = "".join(_restart(one.at, history.since) for one in restarts)
    minutes = int(timeline.SPAN.total_seconds() // 60)
    return (
        f'<svg class="band" viewBox="0 0 {minutes} {_HEIGHT}" preserveAspectRatio="none" '
        f'aria-hidden="true">{bars}{marks}</svg>'
    )


def _said(history: History, found: list[Span], restarts: int) -> str:
    """What the drawing shows, in words; of the time before anybody watched that is all there is to say."""
    is_late = history.watched_since is not None and history.watched_since > history.since
    lengths: dict[str, timedelta] = {}
    for span in found[1:] if is_late else found:
        lengths[span.level] = lengths.get(span.level, timedelta()) + (span.end - span.begin)
    said = [f"{markup.escape(level)} for {in_words(length)}" for level, length in lengths.items()]
    said += [_before(history)] if is_late or history.is_cut else []
    return f"{', '.join(said)}; {markup.count(restarts, 'master restart')}."


def _before(history: History) -> str:
    """From when on it is known; nobody watched before, or the journal does not go back so far."""
    if not history.is_cut:
        return f"nothing is known of the time before {markup.moment(history.watched_since)}"
    first, begin = history.watched_since or history.begins_at, markup.moment(history.begins_at)
    return f"nothing is known of the time before {markup.moment(first)} (the journal begins at {begin})"


def _bar(span: Span, drawn: History, is_now: bool) -> str:
    """One level; that of now is drawn to the end of the minute."""
    begin, end = max(span.begin, drawn.since), drawn.until if is_now else span.end
    x, width = _minutes(begin - drawn.since), _minutes(end - begin)
    height = _HEIGHTS[span.level]
    kind = tone(span.level) if span.level in shots.LEVELS else Tone.PLAIN
    # What lasted a moment is seen all the same.
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{_HEIGHT - height}" width="{max(width, 3):.1f}" height="{height}">'
        f"<title>{markup.escape(span.level)} for {in_words(span.end - span.begin)}</title></rect>"
    )


def _restart(at: datetime, since: datetime) -> str:
    return f'<path class="restart" d="M{_minutes(at - since):.1f} 0v{_HEIGHT}"><title>Master restart</title></path>'


def _minutes(length: timedelta) -> float:
    return max(length.total_seconds() / 60, 0.0)


def _ticks(history: History) -> str:
    number = int(timeline.SPAN / _TICK_EVERY)
    at = (history.since + index * _TICK_EVERY for index in range(number))
    items = "".join(f"<li>{markup.short_moment(one)}</li>" for one in at)
    return f'<ol class="ticks" aria-hidden="true">{items}<li>now</li></ol>'


def _list(history: History) -> str:
    items = [_item(one) for one in history.happenings]
    if not items:
        return markup.empty("Nothing happened.")
    shown = f'<ol class="happenings">{"".join(items[:SHOWN])}</ol>'
    rest = items[SHOWN:]
    if rest:
        summary = f"<summary>{len(rest)} earlier</summary>"
        shown += f'<details id="earlier">{summary}<ol class="happenings">{"".join(rest)}</ol></details>'
    return shown if history.complete else shown + '<p class="note">These are the newest of very many.</p>'


def _item(one: Happening) -> str:
    label = f"Gave way to {one.gave_way_to}" if one.gave_way_to else _LABELS.get(one.kind, one.kind)
    return (
        f'<li data-key="{one.at.timestamp()}">{markup.moment(one.at)} '
        f'<span class="kind {_tone(one)}">{markup.name(label)}</span> '
        f'<span class="text">{markup.name(one.text)}</span></li>'
    )


def _tone(one: Happening) -> Tone:
    if one.kind == Kind.LEVEL:
        return tone(one.level)
    if one.kind == Kind.RESOLVED:
        # What gave way to something worse is not over.
        return Tone.PLAIN if one.gave_way_to else Tone.GOOD
    if one.kind not in (Kind.PROBLEM, MESSAGE, WATCH, Kind.RESTART):
        return Tone.PLAIN
    return tone(one.severity)
