"""Watched units exist. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong
from standfast.unit_names import AGENTS


def findings(facts: Facts) -> Iterator[Finding]:
    """Units and globs that are watched in vain."""
    for watch in facts.detector.watch if facts.detector else ():
        unit = facts.watched.get(watch.unit)
        if watch.unit in facts.globs:
            yield from _glob(facts, watch.unit)
        elif unit is None:
            continue
        elif unit.get("LoadState") == "not-found":
            yield wrong(
                f"{watch.unit} is watched, and this host has no such unit: nobody would hear of its death",
                "correct it in detector.toml (systemctl list-unit-files), then systemctl reload standfast-detector",
            )
        elif unit.get("LoadState") == "masked":
            yield wrong(f"{watch.unit} is watched, and masked", f"systemctl unmask {watch.unit}, or watch it no more")
        elif not unit.is_loaded:
            yield wrong(
                f"{watch.unit} is watched, and systemd cannot read it ({unit.get('LoadState') or 'no answer'})",
                f"systemctl status {watch.unit}",
            )


def _glob(facts: Facts, pattern: str) -> Iterator[Finding]:
    if facts.globs[pattern]:
        return
    if pattern == AGENTS:
        yield note(
            "no agent is loaded: nothing fits the watch for agents", "systemctl enable --now standfast-agent@NAME"
        )
    else:
        yield wrong(
            f'the watch for "{pattern}" fits no unit that is loaded: nobody would hear of a death',
            "correct it in detector.toml (systemctl list-units --all), then systemctl reload standfast-detector",
        )
