"""The metrics: a page that promtool accepts, whatever the names are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.unit.overview import statuses
from tests.unit.web.scenes import GONE, NOW, scene

from standfast.overview.snapshot import Snapshot
from standfast.web.metrics import exposition

PROMTOOL = Path(__file__).parents[3] / ".venv/promtool"
DOCUMENT = Path(__file__).parents[3] / "docs/status.md"
needs_promtool = pytest.mark.skipif(not PROMTOOL.exists(), reason="promtool is not here, see packaging/prepare browser")
EVIL = 'a"b\\c\nd{e="f"} 1\ud800'


def samples(text: str) -> dict[str, float]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def busy() -> str:
    health = {
        "a.service": {"status": "given up", "failing": True, "consecutive_failures": 7, "restarts": 3},
        EVIL: {"status": EVIL, "failing": False, "consecutive_failures": 0, "restarts": None},
    }
    status = statuses.detector(
        failure_level="CASCADING", service_health=health, last_restart=statuses.AT, restart_count=2, late_s=0.25,
        critical_files={EVIL: {"healthy": False}},
    )  # fmt: skip
    deliveries = {"sms": {"delivered": 5, "refused": 1, "given_up": 2}}
    channels = [{"name": "sms", "queued": 3, "failing": "HTTP 503"}, {"name": EVIL}]
    known = statuses.notifier(statuses.error(), queued=3, channels=channels, deliveries=deliveries)
    waits = statuses.agent(state="WAITING", paused=True, flat=None, unknown_orders=[{"symbol": "NSE:SBIN"}])
    agents = {"paper": waits, EVIL: statuses.agent()}
    return exposition(scene(status, known, agents=agents).snapshot, "1.2.3")


def test_what_matters_is_there() -> None:
    found = samples(busy())

    assert found['standfast_build_info{version="1.2.3"}'] == 1
    assert found["standfast_failure_level"] == 3
    assert found['standfast_unit_state{unit="a.service",state="given up"}'] == 1
    assert found['standfast_unit_failing{unit="a.service"}'] == 1
    assert found['standfast_unit_consecutive_failures{unit="a.service"}'] == 7
    assert found['standfast_unit_restarts{unit="a.service"}'] == 3
    assert found["standfast_master_restarts_last_hour"] == 2
    assert found["standfast_detector_loop_lag_seconds"] == 0.25
    assert found['standfast_notifications_sent{channel="sms"}'] == 5
    assert found['standfast_notifications_failed{channel="sms"}'] == 3
    assert found['standfast_notifications_queued{channel="sms"}'] == 3
    assert found['standfast_agent_state{agent="paper",state="WAITING"}'] == 1
    assert found['standfast_agent_state{agent="paper",state="ACTIVE"}'] == 0
    assert 'standfast_agent_flat{agent="paper"}' not in found  # it is not known
    assert found['standfast_agent_unknown_orders{agent="paper"}'] == 1
    assert found['standfast_status_age_seconds{daemon="detector"}'] == 5


def test_a_name_cannot_break_out_of_its_label() -> None:
    text = busy()

    assert r'standfast_unit_failing{unit="a\"b\\c\nd{e=\"f\"} 1?"} 0' in text.splitlines()
    assert all(line.startswith(("# HELP standfast_", "# TYPE standfast_", "standfast_")) for line in text.splitlines())


def test_without_daemons_the_service_still_says_that_they_are_down() -> None:
    found = samples(exposition(Snapshot(NOW, GONE, GONE), "1"))

    assert found == {
        'standfast_build_info{version="1"}': 1,
        'standfast_up{daemon="detector"}': 0,
        'standfast_up{daemon="notifier"}': 0,
    }


@needs_promtool
@pytest.mark.parametrize("text", [busy(), exposition(Snapshot(NOW, GONE, GONE), "1")], ids=["busy", "nobody"])
def test_promtool_has_nothing_to_say_against_it(text: str) -> None:
    checked = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=text.encode(), capture_output=True, timeout=30, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def documented(begin: str) -> str:
    """The example in the document that begins so."""
    examples: list[str] = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return next(example for example in examples if example.startswith(begin))


def test_every_metric_is_documented_and_no_other() -> None:
    text = DOCUMENT.read_text()
    table = text[text.index("| metric,") : text.index("Two rules")]
    written = set(re.findall(r"`([a-z_]+)(?:\{[a-z,]+\})?`", table)) - {"standfast_", "keep_days", "flat"}
    told = set(re.findall(r"# TYPE standfast_(\w+)", busy()))

    assert written == told | {"database_healthy", "master_restart_last_timestamp_seconds", "events_ignored"}


@needs_promtool
@pytest.mark.parametrize(("begin", "what"), [("scrape_configs:", "config"), ("groups:", "rules")])
def test_promtool_accepts_the_documented_examples(tmp_path: Path, begin: str, what: str) -> None:
    file = tmp_path / "example.yml"
    file.write_text(documented(begin))
    checked = subprocess.run([PROMTOOL, "check", what, file], capture_output=True, text=True, timeout=30, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


TESTED_RULES = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'standfast_failure_level{instance="box1", job="standfast"}', values: "0 0 3 3 3 3 3 3 3"}
      - {series: 'standfast_up{instance="box1", job="standfast", daemon="notifier"}', values: "1 1 0 0 0 0 0 0 0"}
    alert_rule_test:
      - {eval_time: 1m, alertname: StandfastFleetFailing}
      - {eval_time: 1m, alertname: StandfastNotWatching}
      - eval_time: 8m
        alertname: StandfastFleetFailing
        exp_alerts:
          - exp_labels: {instance: box1, job: standfast, severity: critical}
            exp_annotations:
              summary: Failure level 3 on box1
              description: standfastctl status on that host says why, and what to do.
      - eval_time: 8m
        alertname: StandfastNotWatching
        exp_alerts:
          - exp_labels: {instance: box1, job: standfast, daemon: notifier, severity: critical}
            exp_annotations:
              summary: Standfast does not watch box1 (notifier)
              description: "On that host: systemctl status standfast-detector standfast-notifier standfast-status"
"""


@needs_promtool
def test_the_documented_rules_fire_when_they_should(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(documented("groups:"))
    (tmp_path / "test.yml").write_text(TESTED_RULES)
    tested = subprocess.run(
        [PROMTOOL, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )

    assert tested.returncode == 0, tested.stdout + tested.stderr
