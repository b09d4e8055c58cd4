"""The smaller sections of the dashboard: restarts, errors, agents, checks, channels. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from standfast.overview import snapshot as shots
from standfast.overview.documents import agent
from standfast.overview.holdings import holdings
from standfast.overview.idle import Idle, idle
from standfast.overview.restarted import Restarted, restarted
from standfast.overview.running import paused_by
from standfast.overview.snapshot import Snapshot, Source
from standfast.overview.tones import Tone, agent_tone, tone
from standfast.web import markup
from standfast.web.scene import Scene

Row = Mapping[str, Any]

ERRORS_SHOWN: Final = 20
# So many agents that trade are listed at once; more are one step away.
ACTIVE_SHOWN: Final = 8
_WORST_FIRST: Final = (Tone.BAD, Tone.WARNING, Tone.PLAIN, Tone.GOOD)
_OUTCOMES: Final = {"ok": "well", "fail": "not well", "unknown": "unknown"}
# Reasons of a decision that are the reasons why no restart is possible at all.
_SAID_ALREADY: Final = frozenset({"budget", "gap", "hold", "running", "shutdown"})


def restarts(scene: Scene) -> str:
    """Whether a master restart is possible now, why not, and those that were."""
    detector = scene.snapshot.detector
    if detector.status is None:
        return markup.card("restarts", "Master restart", markup.empty("Unknown: the failure detector tells nothing."))
    history = "".join(_run(row) for row in reversed(shots.rows(detector.get("restart_history"))))
    listed = f'<ul class="rows">{history}</ul>' if history else markup.empty("None was made yet.")
    return markup.card("restarts", "Master restart", _allowed(scene) + _mode(detector) + listed)


def _allowed(scene: Scene) -> str:
    detector = scene.snapshot.detector
    allowed = detector.get("can_restart") is True
    what = "None is made in mode observe" if shots.observes(scene.snapshot) else "Follows if a cascade lasts"
    possible = f"{what}; {shots.limits(detector)}"
    words = possible if allowed else "Not possible now"
    why = shots.blocked_why(scene.snapshot)
    until = shots.blocked_until(detector)
    more = f": {markup.escape(why)}" if why else ""
    limit = "until" if detector.get("hold_until") else "the next, if a cascade lasts, not before"
    more += f"; {limit} {markup.moment(until)}" if until and not allowed else ""
    sign = markup.mark(Tone.GOOD if allowed else Tone.WARNING)
    lead = f'<p class="lead">{sign}<span><strong>{words}</strong>{more}.</span></p>'
    return lead + _release(detector) + _decision(detector) + _budget(scene.snapshot)


def _release(detector: Source) -> str:
    if not detector.get("hold_until"):
        return ""
    return f"<p>When you have looked at the units: {markup.command('standfastctl release')}</p>"


def _budget(snapshot: Snapshot) -> str:
    used, most = snapshot.detector.get("restart_count"), snapshot.detector.get("max_per_hour")
    released = shots.counted_since(snapshot)
    since = f"since the release at {markup.moment(released)}" if released else "within the last hour"
    return f"<p>{markup.text(used)} of at most {markup.text(most)} {since}.</p>" if most else ""


def _decision(detector: Source) -> str:
    """What the detector decided about the cascade that lasts now."""
    decision = shots.table(detector.get("decision"))
    if not decision or str(decision.get("reason")) in _SAID_ALREADY:
        return ""
    words = "Asked for" if decision.get("allowed") is True else "Not asked for"
    return f"<p>{words}: {markup.text(decision.get('why'))}.</p>"


def _mode(detector: Source) -> str:
    words = {
        "observe": "It observes: it says what it would restart, and restarts nothing",
        "act": "It acts: it asks for a master restart when a cascade lasts",
    }
    mode = str(detector.get("mode"))
    said = words.get(mode, "It is not known whether it acts")
    return f'<p>{said} (<code>mode = "{markup.escape(mode)}"</code>).</p>'


def _run(row: Row) -> str:
    result = row.get("result")
    by = {True: "asked for by the detector", False: "by hand"}.get(bool(row.get("automatic")))
    return (
        f"<li>{markup.mark(tone(result))}<div><strong>{markup.text(result)}</strong> {markup.moment(row.get('at'))}"
        f'<p class="meta">{by}{_about(restarted(row))}</p></div></li>'
    )


def _about(run: Restarted) -> str:
    """What a master restart restarted, and what for."""
    if run.is_nothing:
        return "; there was nothing to restart"
    because_of = f" because of {', '.join(map(markup.name, run.because_of))}" if run.because_of else ""
    units = "just these" if run.is_all else ", ".join(map(markup.name, run.units))
    return f"{because_of}; restarted: {units}" if run.units else because_of


def errors(scene: Scene) -> str:
    """The unresolved errors: what is critical first, what somebody took on last."""
    notifier = scene.snapshot.notifier
    if notifier.status is None:
        return markup.card("errors", "Unresolved errors", markup.empty("Unknown: the notifier tells nothing."))
    rows = sorted(shots.rows(notifier.get("unresolved_errors")), key=lambda row: (_is_held(row), not _is_critical(row)))
    if not rows:
        return markup.card("errors", "Unresolved errors", markup.empty("None."))
    number = shots.unresolved(scene.snapshot)
    shown, more = "".join(map(_error, rows[:ERRORS_SHOWN])), number - len(rows[:ERRORS_SHOWN])
    rest = f'<p class="note">{more} more: {markup.command("standfastctl errors")}</p>' if more else ""
    return markup.card("errors", "Unresolved errors", f'<ul class="rows">{shown}</ul>{rest}', str(number))


def _is_held(row: Row) -> bool:
    return bool(row.get("acknowledged") or row.get("silenced"))


def _is_critical(row: Row) -> bool:
    return row.get("severity") == "critical"


def _error(row: Row) -> str:
    held = "".join(f' <span class="badge">{word}</span>' for word in ("acknowledged", "silenced") if row.get(word))
    urgency = ' <span class="badge bad">critical</span>' if _is_critical(row) else ""
    sign = Tone.PLAIN if held else tone(row.get("severity") or "critical")
    action = f"<p>{markup.prose(str(row['action']))}</p>" if row.get("action") else ""
    lines = (
        f"<strong>{markup.name(str(row.get('error_type') or 'unknown'))}</strong>{urgency}{held}",
        f'<p class="about">{markup.name(str(row.get("unit") or ""))}</p>',
        f"<div>{markup.long_prose(str(row.get('error_message') or ''))}</div>{action}",
        f'<p class="meta">{_occurred(row)}, told {_times(row.get("notification_count"))}{_ack(row)}</p>',
    )
    return f"<li>{markup.mark(sign)}<div>{''.join(lines)}</div></li>"


def _occurred(row: Row) -> str:
    first, count = markup.moment(row.get("first_occurrence")), row.get("occurrence_count")
    if count == 1:
        return f"Since {first}"
    return f"Since {first}, last {markup.moment(row.get('last_occurrence'))} · {_times(count)}"


def _times(value: Any) -> str:
    return "once" if value == 1 else f"{markup.text(value)} times"


def _ack(row: Row) -> str:
    number = shots.number(row.get("id"))
    return "" if _is_held(row) or not number else f" · to take it on: {markup.command(f'standfastctl ack {number}')}"


def agents(scene: Scene) -> str:
    """The agents."""
    found, resting = scene.snapshot.agents, [*map(_idle, idle(scene.snapshot))]
    if not found and not resting:
        return markup.card("agents", "Agents", markup.empty("No agent is running."))
    worst_first = sorted(found.items(), key=lambda one: _WORST_FIRST.index(agent_tone(agent(one[1]))))
    rows = {name: _agent(name, source) for name, source in worst_first}
    well = [name for name, source in found.items() if source.get("state") == "ACTIVE"]
    if len(well) <= ACTIVE_SHOWN:
        listed = "".join([*rows.values(), *resting])
        return markup.card("agents", "Agents", f'<ul class="rows">{listed}</ul>', str(len(found) + len(resting)))
    others = "".join([*(row for name, row in rows.items() if name not in well), *resting])
    folded = f'<ul class="rows">{"".join(rows[name] for name in rows if name in well)}</ul>'
    inner = f'<ul class="rows">{others}</ul>' if others else ""
    inner += f'<details id="active"><summary>{markup.count(len(well), "active agent")}</summary>{folded}</details>'
    return markup.card("agents", "Agents", inner, str(len(found) + len(resting)))


def _idle(one: Idle) -> str:
    """An agent that does not run: what it left behind may need somebody."""
    reason = f"<p>{markup.long_prose(one.reason)}</p>" if one.reason else ""
    since = f' <span class="meta">since {markup.moment(one.ended.at)}</span>' if one.ended and one.ended.at else ""
    return (
        f"<li>{markup.mark(one.tone)}<div><strong>{markup.escape(one.name)}</strong> {markup.text(one.state)}{since}"
        f'{reason}<p class="meta">Holds: {one.holds}.</p></div></li>'
    )


def _agent(name: str, source: Source) -> str:
    row = agent(source)
    state = row["state"]
    paused = ' <span class="badge">paused</span>' if row["paused"] is True else ""
    live = ' <span class="badge bad">live</span>' if source.get("live") is True else ""
    reason = f"<p>{markup.name(str(row['reason']))}</p>" if row["reason"] and state != "ACTIVE" else ""
    if by := paused_by(source):
        reason += f"<p>{markup.name(by.capitalize())}</p>"
    action = shots.table(source.get("failure")).get("action")
    step = f'<p class="meta">{markup.prose(str(action))}</p>' if action else ""
    return (
        f"<li>{markup.mark(agent_tone(row))}<div><strong>{markup.escape(name)}</strong> "
        f'{markup.text(state)}{paused}{live} <span class="meta">since {markup.moment(row["entered_at"])}</span>'
        f'{reason}{step}<p class="meta">Holds: {markup.name(holdings(source))}.</p></div></li>'
    )


def checks(scene: Scene) -> str:
    """Critical files and databases."""
    detector = scene.snapshot.detector
    found = [("file", name, shots.table(row)) for name, row in shots.table(detector.get("critical_files")).items()]
    found += [("database", name, shots.table(row)) for name, row in shots.table(detector.get("databases")).items()]
    if not found:
        return ""
    listed = "".join(_check(*one) for one in found)
    return markup.card("checks", "Files and databases", f'<ul class="rows">{listed}</ul>')


def _check(kind: str, name: str, row: Row) -> str:
    outcome = shots.outcome(row)
    detail = f": {markup.name(str(row['detail']))}" if row.get("detail") else ""
    said = f"{kind}, {_OUTCOMES[outcome]}{detail}"
    beside = f'<span class="meta">{said}</span>' if outcome == "ok" else f"<p>{said}</p>"
    return f"<li>{markup.mark(tone(outcome))}<div>{markup.name(name)} {beside}</div></li>"


def channels(scene: Scene) -> str:
    """How messages get out."""
    notifier = scene.snapshot.notifier
    if notifier.status is None:
        return markup.card("channels", "Messages", markup.empty("Unknown: the notifier tells nothing."))
    listed = "".join(_channel(row) for row in shots.rows(notifier.get("channels")))
    return markup.card("channels", "Messages", f'<ul class="rows">{listed}</ul>')


def _channel(row: Row) -> str:
    failing, queued = row.get("failing"), shots.number(row.get("queued"))
    delivered = row.get("last_delivered")
    said = f"last delivered {markup.moment(delivered)}" if delivered else "nothing delivered yet"
    said += f", {queued} waiting" if queued else ""
    trouble = f"<p>{markup.escape(str(failing))}</p>" if failing else ""
    what = f'{markup.text(row.get("name"))} <span class="meta">{said}</span>'
    return f"<li>{markup.mark(Tone.BAD if failing else Tone.GOOD)}<div>{what}{trouble}</div></li>"
