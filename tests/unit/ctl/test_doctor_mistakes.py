"""A mistake in a configuration file is one thing that is wrong, and what the file names is not said to be looked at."""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.ctl.test_doctor_rules import findings, healthy, own, watched

from standfast.config import Mistake
from standfast.ctl.command import Exit
from standfast.ctl.configuration import ConfigFile, judge
from standfast.ctl.doctor.command import COMMAND
from standfast.ctl.doctor.facts import Facts, Secret
from standfast.ctl.doctor.gather import configured, everything
from standfast.ctl.screen import Screen
from standfast.unit_names import DETECTOR

MISTAKE = Mistake("/etc/standfast/detector.toml:23", "", "TOML; at column 13: invalid value")
REFUSED = f"watching 3 units; not reloaded, what was in force stays so: {MISTAKE} (and 1 more)"


def test_a_mistake_and_the_daemon_that_runs_on_without_it_are_one_thing() -> None:
    facts = replace(healthy(), **own(DETECTOR, StatusText=REFUSED), mistakes=(MISTAKE,))
    assert findings("units", facts) == []
    (one,) = findings("configuration", facts)
    assert one.what == f"{MISTAKE}; standfast-detector runs on with its earlier configuration"
    assert one.step.endswith("check-config; then systemctl reload standfast-detector")


def test_one_that_is_corrected_and_not_reloaded_is_told_by_the_daemon() -> None:
    facts = replace(healthy(), **own(DETECTOR, StatusText=REFUSED))
    (one,) = findings("units", facts)
    assert "runs with an older configuration" in one.what
    assert findings("configuration", facts) == []


def doctor(monkeypatch: pytest.MonkeyPatch, facts: Facts, *, as_json: bool = False) -> tuple[Exit, str]:
    monkeypatch.setattr(everything, "gather", lambda: facts)
    said = io.StringIO()
    return COMMAND.run(argparse.Namespace(json=as_json), Screen(said, terminal=False)), said.getvalue()


def test_what_an_unusable_file_names_is_not_said_to_be_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "detector.toml"
    path.write_text("mode = act")
    of_file = configured.of([judge(ConfigFile(path, "detector", {}))], (MISTAKE,))
    facts = replace(healthy(), detector=None, mistakes=(MISTAKE,), unusable=of_file.unusable)

    code, text = doctor(monkeypatch, facts)
    assert code is Exit.WRONG
    assert "1 thing wrong, 0 notes." in text
    assert f"Not looked at: what {path} names, before its mistakes are corrected\n" in text
    _, text = doctor(monkeypatch, facts, as_json=True)
    assert json.loads(text)["not_looked_at"] == [f"what {path} names, before its mistakes are corrected"]
    _, text = doctor(monkeypatch, replace(facts, is_root=False))
    assert text.endswith("try: sudo standfastctl doctor\n")


def test_one_restart_that_takes_several_secrets_up_is_one_finding() -> None:
    secrets = [Secret("n.service", name, "/s", True, is_newer=True) for name in ("tok", "key")]
    (one,) = findings("credentials", replace(healthy(), secrets=tuple(secrets)))
    assert one.what == "the secrets tok, key were stored after n.service was started"
    assert one.step == "systemctl restart n.service"


def test_a_unit_that_another_starts_too_may_be_given_up() -> None:
    slow = {"StartLimitIntervalUSec": "10s", "StartLimitBurst": "5", "WantedBy": "multi-user.target"}
    (one,) = findings("thresholds", replace(healthy(), **watched(b=slow)))
    assert one.what.startswith("systemd never gives up on b.service: 5 starts")
    pulled = {**slow, "WantedBy": "a.service multi-user.target", "RequiredBy": "c.service"}
    (one,) = findings("thresholds", replace(healthy(), **watched(b=pulled)))
    said = "systemd never gives up on b.service but for starts of c.service, a.service, which start it too: 5 starts"
    assert one.what.startswith(said)
    (one,) = findings("thresholds", replace(healthy(), **watched(b={**slow, "BindsTo": "p.service"})))
    said = "systemd never gives up on b.service but where it gives up on p.service, which it needs: 5 starts"
    assert one.what.startswith(said)
