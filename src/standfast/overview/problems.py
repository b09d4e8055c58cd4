"""What is wrong, in words for people, each with its next step; the headline of terminal and page alike. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from shlex import quote
from typing import Final

from standfast.overview import checked, idle, itself, running
from standfast.overview import snapshot as shots
from standfast.overview.daemons import DETECTOR, NOTIFIER, Daemon, agent_daemon
from standfast.overview.snapshot import LEVELS, UNKNOWN, Snapshot, Source
from standfast.overview.standing import standing, trouble
from standfast.overview.tones import Tone, is_failing, tone
from standfast.overview.unit_words import RESTARTED, state
from standfast.unit_names import TARGET, short

# How the detector's reason begins while what failed is up again (see standfast.detector.levels).
_YET_TO_STAY_WELL: Final = "what failed has yet to stay well"
# So many critical problems are named; `standfastctl errors` has all of them.
_NAMED: Final = 3
# Of so many units that failed together the journals are named.
_READ: Final = 8


def headline(snapshot: Snapshot, problems: Sequence[str]) -> tuple[Tone, str]:
    """How the fleet stands, in a sentence."""
    level = shots.level(snapshot)
    if level == "NONE":
        return _at_rest(snapshot, problems)
    if level == UNKNOWN:
        return tone(level), "Nobody is watching"
    if is_only_foreseen(snapshot):
        return tone(level), f"{standing(snapshot)}, but not for good if it goes on like this"
    return tone(level), trouble(snapshot)


def _at_rest(snapshot: Snapshot, problems: Sequence[str]) -> tuple[Tone, str]:
    """The same while no unit fails for long enough to be a worry."""
    failing, blind = _failing(snapshot), shots.not_judged(snapshot)
    stand = _not_for_long(snapshot, failing) if failing else "; ".join(filter(None, (standing(snapshot), blind)))
    but = ";" if failing or blind else ", but"
    if urgent := _in_error(snapshot) or _unresolved(snapshot):
        return Tone.BAD, f"{stand}{but} {urgent}"
    if snapshot.notifier.status is None or checked.is_mute(snapshot):
        return Tone.BAD, f"{stand}{but} nobody would be told if one fell"
    if failing:
        return Tone.WARNING, stand
    if problems:
        return Tone.WARNING, f"{stand}{but} something needs a look"
    return Tone.PLAIN if blind else Tone.GOOD, stand


def _not_for_long(snapshot: Snapshot, failing: Mapping[str, shots.Row]) -> str:
    """What fails without a level for it; what crashed and is up again counts as failing until the next look."""
    again = [name for name, row in failing.items() if state(row) == RESTARTED]
    down = [name for name in failing if name not in again]
    if not down:
        # Not "up again": in a loop it may be down by the time that this is read.
        return f"Crashed since the last look, and restarted by systemd: {', '.join(again)}"
    why = shots.not_judged(snapshot) or "not for long enough to raise the level"
    more = f"; crashed, and restarted by systemd: {', '.join(again)}" if again else ""
    return f"Failing, but {why}: {', '.join(down)}{more}"


def _unresolved(snapshot: Snapshot) -> str:
    """Which critical problems nobody has taken on, "" for none."""
    found = [one for one in idle.critical(snapshot) if not (one.get("acknowledged") or one.get("silenced"))]
    named = _named([idle.called(one) for one in found])
    return f"{named} {'is' if len(found) == 1 else 'are'} not resolved" if found else ""


def _named(found: Sequence[str]) -> str:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def problems(snapshot: Snapshot) -> list[str]:
    """What is wrong, a line each with the next step, the fleet's own first; empty when all is well."""
    found = _level_summary(snapshot)
    if shots.level(snapshot) in LEVELS[1:]:
        reasons = "; ".join(shots.texts(snapshot.detector.get("reasons")))
        found += [f"Foreseen: {words}" for words in foreseen(snapshot) if words not in reasons]
    found += _daemon_problems(snapshot) + checked.problems(snapshot)
    found += itself.notes(snapshot)
    for name, source in snapshot.agents.items():
        found += [*_source_problems(agent_daemon(name), source, snapshot.now), *running.problems(name, source)]
    found += idle.problems(snapshot)
    for channel in shots.rows(snapshot.notifier.get("channels")):
        found += map(str, itself.channel_troubles(channel, snapshot.now))
    in_vain = map(str, (*itself.watched_in_vain(snapshot), *itself.blind_checks(snapshot)))
    return found + _errors_summary(snapshot) + [*in_vain] + _left_failed(snapshot)


def of_fleet(snapshot: Snapshot) -> list[str]:
    """Those of the problems that are the fleet's and not Standfast's: an agent that does not run is no fault."""
    of_agents = [line for one in snapshot.agents.items() for line in running.of_agent(*one)]
    return _level_summary(snapshot) + of_agents + _errors_summary(snapshot) + _left_failed(snapshot)


def summaries(snapshot: Snapshot) -> list[str]:
    """Those of the problems that stand for a list, which a page shows itself."""
    return _level_summary(snapshot) + _errors_summary(snapshot)


def foreseen(snapshot: Snapshot) -> list[str]:
    """What will fail if it goes on like this, in words."""
    return [str(row["message"]) for row in shots.rows(snapshot.detector.get("predictions")) if row.get("message")]


def is_only_foreseen(snapshot: Snapshot) -> bool:
    """Whether the level is what it is for nothing but predictions."""
    predicted = foreseen(snapshot)
    return bool(predicted) and "; ".join(shots.texts(snapshot.detector.get("reasons"))) == "; ".join(predicted)


def _in_error(snapshot: Snapshot) -> str:
    """Which agents do nothing until a human acts, "" when none does; one of them may hold a position."""
    names = [name for name, source in snapshot.agents.items() if source.get("state") == "ERROR"]
    if len(names) > 1:
        return f"{len(names)} agents need you"
    return f"agent {names[0]} needs you" if names else ""


def _failing(snapshot: Snapshot) -> dict[str, shots.Row]:
    return {name: row for name, row in shots.watched(snapshot).items() if is_failing(row)}


def _level_summary(snapshot: Snapshot) -> list[str]:
    level = shots.level(snapshot)
    if level not in LEVELS[1:]:
        return []
    reasons = "; ".join(shots.texts(snapshot.detector.get("reasons"))) or "no reason given"
    if not _failing(snapshot) and reasons.startswith(_YET_TO_STAY_WELL):
        return [f"Failure level {level}: {reasons}"]  # nothing is to be looked at, but waited for
    return [f"Failure level {level}: {reasons}; {_where_it_says_why(snapshot)}"]


def _where_it_says_why(snapshot: Snapshot) -> str:
    """The unit that failed says why; of a file, a database or systemd itself the detector does.

    What only went down with another, which is up again, says nothing: nobody starts it.
    """
    failing = _failing(snapshot)
    if failing and all(row.get("status") == "taken along" for row in failing.values()):
        more = f" (and {len(failing) - _READ} more)" if len(failing) > _READ else ""
        return f"start them: systemctl start {' '.join(quote(short(unit)) for unit in list(failing)[:_READ])}{more}"
    first = shots.failed_first(snapshot) or list(failing)[:1]
    where = " ".join(f"-u {quote(short(unit))}" for unit in first[:_READ]) or "-t standfast-detector"
    how = "they failed together, see" if len(first) > 1 else "see"
    more = f" (and {len(first) - _READ} more)" if len(first) > _READ else ""
    return f"{how} journalctl {where}{more}"


def _errors_summary(snapshot: Snapshot) -> list[str]:
    count = shots.unresolved(snapshot)
    if not count:
        return []
    urgent = [f"{idle.called(one)}{_taken_on(one)}" for one in idle.critical(snapshot)]
    named = f", critical: {_named(urgent)}" if urgent else ""
    return [f"{count} unresolved {'error' if count == 1 else 'errors'}{named}; see standfastctl errors"]


def _taken_on(problem: shots.Row) -> str:
    return next((f" ({word})" for word in ("acknowledged", "silenced") if problem.get(word) is True), "")


def _left_failed(snapshot: Snapshot) -> list[str]:
    """That a master restart failed which nobody needs to see to any more: the least urgent of all."""
    left = shots.table(snapshot.detector.get("left_failed"))
    if not left:
        return []
    is_well = not _failing(snapshot) and not idle.critical(snapshot)
    now = "all is well now" if is_well else "what it restarted stands now"
    return [f"{shots.words(left.get('what'))}, and {now}: {shots.words(left.get('clears'))}"]


def not_running(whose: Daemon) -> str:
    """What is said of a daemon without a status file: it takes that away when it ends, but others can too."""
    away = f"The {whose.what} is not running, or its status file is gone"
    return f"{away}; see which, and start it: systemctl status {whose.unit}; systemctl start {whose.unit}"


def _daemon_problems(snapshot: Snapshot) -> list[str]:
    """What is wrong with the detector and the notifier; where neither runs, all of Standfast is started together."""
    sources = {DETECTOR: snapshot.detector, NOTIFIER: snapshot.notifier}
    if all(source.trouble == not_running(whose) for whose, source in sources.items()):
        start = f"systemctl start {TARGET} (it starts the enabled agents too, also those stopped by hand)"
        return [f"Neither the failure detector nor the notifier is running; to start all of it: {start}"]
    return [line for whose, source in sources.items() for line in _source_problems(whose, source, snapshot.now)]


def _source_problems(whose: Daemon, source: Source, now: datetime) -> list[str]:
    if source.status is None:
        return [source.trouble or not_running(whose)]
    refused = source.get("reload_refused")
    found = [f"The {whose.what} is {refused}; correct that, then: systemctl reload {whose.unit}"] if refused else []
    return [*found, *map(str, itself.silent(whose, source, now))]
