"""Each rule of the doctor: silent where all is well, and says what is wrong where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from standfast.agent.config import AgentConfig
from standfast.config import Mistake, load_text
from standfast.ctl.doctor.facts import OWN, Code, Facts, File, Journal, Loose, Polkit, Reach, Secret, Setting, Unit
from standfast.ctl.doctor.finding import Finding, Gravity
from standfast.ctl.doctor.rules import RULES, Rule
from standfast.ctl.doctor.rules.journal import bytes_of
from standfast.detector.config import DetectorConfig
from standfast.notifier.config import NotifierConfig
from standfast.overview.itself import Trouble
from standfast.unit_names import AGENTS, DETECTOR, MASTER_RESTART, NOTIFIER, STATUS_SOCKET, agent_unit

UNITS = Path(__file__).parents[3] / "units"
RUNS = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "NeedDaemonReload": "no",
    "NRestarts": "0",
    "Restart": "on-failure",
    "RestartUSec": "5s",
    "StartLimitIntervalUSec": "10min",
    "StartLimitBurst": "8",
    "Type": "notify",
    "ProtectHome": "yes",
}
AGENT_TIMES = {"TimeoutStopUSec": "10s", "WatchdogUSec": "30s"}
FLEET = """
mode = "act"
[[watch]]
unit = "a.service"
[[watch]]
unit = "b.service"
[[watch]]
unit = "c.service"
"""
TELEGRAM = '[channels.telegram]\nchat_id = "1"\n'
OPENALGO = 'gateway = "openalgo"\n'


def shipped(name: str) -> tuple[Setting, ...]:
    """The settings of a unit file of the package."""
    file = UNITS / name.replace("@paper", "@")
    lines = (line.split("=", 1) for line in file.read_text().splitlines() if "=" in line and line[0] not in "#[")
    return tuple(Setting(str(file), key, value) for key, value in lines)


def unit(name: str, **changes: str) -> Unit:
    return Unit(name, {**RUNS, **changes}, shipped=shipped(name) if name.startswith("standfast") else ())


def healthy() -> Facts:
    """An installation with a fleet of three and an agent, with which nothing is wrong."""
    own = {name: unit(name) for name in OWN}
    own[agent_unit("paper")] = unit(agent_unit("paper"), **AGENT_TIMES)
    return Facts(
        units=own,
        watched={name: unit(name) for name in ("a.service", "b.service", "c.service")},
        detector=detector(FLEET),
        notifier=NotifierConfig(),
        agents={"paper": AgentConfig()},
        free_shares={"/var/lib/standfast": 0.5},
        is_synchronized=True,
        modules=frozenset({"telegram"}),
    )


def detector(text: str) -> DetectorConfig:
    return load_text(DetectorConfig, text, "detector.toml", {})


def notifier(text: str) -> NotifierConfig:
    return load_text(NotifierConfig, text, "notifier.toml", {})


def agent(text: str) -> AgentConfig:
    return load_text(AgentConfig, text, "paper.toml", {})


def own(name: str, **changes: str) -> dict[str, Any]:
    facts = healthy()
    found = facts.units[name]
    return {"units": {**facts.units, name: replace(found, properties={**found.properties, **changes})}}


def drop_in(name: str, key: str, value: str) -> dict[str, Any]:
    facts = healthy()
    changed = replace(facts.units[name], drop_ins=(Setting("/etc/x.conf", key, value),))
    return {"units": {**facts.units, name: changed}}


def watched(**units: Mapping[str, str]) -> dict[str, Any]:
    changed = {f"{name}.service": unit(f"{name}.service", **changes) for name, changes in units.items()}
    return {"watched": {**healthy().watched, **changed}}


def with_agent(text: str, **properties: str) -> dict[str, Any]:
    return {**own(agent_unit("paper"), **properties), "agents": {"paper": agent(text)}}


def findings(name: str, facts: Facts) -> list[Finding]:
    return list(dict(RULES)[name](facts))


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_where_all_is_well_every_rule_is_silent(name: str, rule: Rule) -> None:
    assert list(rule(healthy())) == [], name


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_where_nothing_is_known_no_rule_fails(name: str, rule: Rule) -> None:
    for finding in rule(Facts()):
        assert name == "units", finding


def test_a_master_restart_that_came_to_nothing_is_told_once_by_what_is_said_of_the_fleet() -> None:
    facts = replace(healthy(), **own(MASTER_RESTART, ActiveState="failed"), fleet=("The last master restart failed",))
    assert findings("units", facts) == []


WRONG, NOTE = Gravity.WRONG, Gravity.NOTE
BROKEN: list[tuple[str, dict[str, Any], Gravity, str, str]] = [
    ("units", own(NOTIFIER, LoadState="masked"), WRONG, "is masked", "unmask"),
    ("units", own(NOTIFIER, LoadState="not-found"), WRONG, "systemd knows no", "reinstall"),
    ("units", own(NOTIFIER, ActiveState="failed"), WRONG, "has failed", "journalctl -u"),
    ("units", own(MASTER_RESTART, ActiveState="failed"), WRONG, "has failed", "reset-failed"),
    ("units", own(STATUS_SOCKET, ActiveState="failed", Result="resources"), WRONG, "has its port", "ANOTHER PORT"),
    ("units", own("standfast-check.timer", ActiveState="inactive"), WRONG, "does not run", "systemctl start"),
    ("units", own(DETECTOR, UnitFileState="disabled"), WRONG, "does not start at boot", "systemctl enable"),
    ("units", own(DETECTOR, NRestarts="3"), NOTE, "had to restart standfast-detector.service 3 times", "journalctl"),
    ("units", own(NOTIFIER, NRestarts="1"), NOTE, "had to restart standfast-notifier.service once", "journalctl"),
    ("units", own(DETECTOR, NeedDaemonReload="yes"), WRONG, "has changed", "daemon-reload"),
    ("units", own(NOTIFIER, StatusText="all well; not reloaded, x"), WRONG, "an older configuration", "check-config"),
    ("units", own(agent_unit("paper"), ActiveState="failed"), WRONG, "agent paper has failed", "journalctl"),
    ("units", own(agent_unit("paper"), ActiveState="inactive"), NOTE, "is stopped", "to run: systemctl start"),
    ("units", own(agent_unit("paper"), UnitFileState="disabled"), NOTE, "not start at boot", "systemctl enable"),
    ("units", own(agent_unit("paper"), LoadState="masked"), NOTE, "masked", "unmask"),
    ("drop-ins", drop_in(NOTIFIER, "PrivateUsers", "no"), WRONG, "read each other's credentials", "take the line out"),
    ("drop-ins", drop_in(agent_unit("paper"), "LimitCORE", "infinity"), WRONG, "holds keys", "take the line out"),
    ("drop-ins", drop_in(agent_unit("paper"), "ProtectHome", "read-only"), NOTE, "not as shipped", "not needed"),
    ("people", {"missing_users": ("standfast",)}, WRONG, "the user standfast is missing", "systemd-sysusers"),
    ("people", {"missing_groups": ("standfast-admin",)}, WRONG, "the group standfast-admin", "systemd-sysusers"),
    ("people", {"deaf_admins": ("alice",)}, NOTE, "alice is in standfast-admin", "usermod -aG systemd-journal alice"),
    (
        "people",
        {"missing_users": ("bot",), "notifier": notifier('listen_to_users = ["bot"]')},
        *(WRONG, 'listen_to_users names "bot"', "correct listen_to_users"),
    ),
    ("permission", {"polkit": Polkit(rule_installed=False)}, WRONG, "is missing", "reinstall"),
    ("permission", {"polkit": Polkit(service=Unit("polkit.service"))}, WRONG, "polkitd is not there", "apt install"),
    ("permission", {"polkit": Polkit(may_start_master=False)}, WRONG, "does not let the detector", "rules.d"),
    ("permission", {"polkit": Polkit(may_start_others=True)}, WRONG, "start any unit", "rules.d"),
    ("journal", {"journal": Journal(is_persistent=False)}, WRONG, "volatile", "mkdir -p /var/log/journal"),
    (
        "journal",
        {"journal": Journal(False, {"Storage": "volatile"})},
        *(WRONG, "volatile", "Storage=persistent"),
    ),
    ("journal", {"journal": Journal(False, {"Storage": "none"})}, WRONG, "stores nothing", "Storage=persistent"),
    ("journal", {"journal": Journal(True, {"MaxLevelStore": "err"})}, WRONG, "only priority err", "MaxLevelStore"),
    ("journal", {"journal": Journal(True, {"SystemMaxUse": "8M"})}, NOTE, "kept to 8M", "SystemMaxUse"),
    ("disk", {"free_shares": {"/var": 0.01}}, WRONG, "the disk of /var is nearly full: 1.0% is free", "make room"),
    ("clock", {"is_synchronized": False}, WRONG, "not synchronised", "set-ntp"),
    ("configuration", {"mistakes": (Mistake("f.toml:1", "a", "b"),)}, WRONG, "f.toml:1: a: expected b", "check-config"),
    ("configuration", {"secrets_in_environment": ("env X: a secret; move it",)}, WRONG, "env X", "move it"),
    (
        "credentials",
        {"secrets": (Secret("n.service", "tok", exists=False),)},
        WRONG,
        "needs the secret tok",
        "secret set tok",
    ),
    (
        "credentials",
        {"secrets": (Secret("a.service", "key", exists=False, agent="infy"),)},
        *(WRONG, "needs the secret key", "secret set key --agent infy"),
    ),
    (
        "credentials",
        {"secrets": (Secret("n.service", "mine", exists=False, is_settable=False),)},
        *(WRONG, "needs the secret mine", "LoadCredential=mine:/PATH by systemctl edit n.service"),
    ),
    ("credentials", {"secrets": (Secret("n.service", "", "/s", False),)}, WRONG, "secret in /s", "write it to /s"),
    ("credentials", {"secrets": (Secret("n.service", "", "/s", True, "shut"),)}, WRONG, "may not read /s", "chown"),
    (
        "credentials",
        {"secrets": (Secret("n.service", "", "/s", True, is_public=True),)},
        *(WRONG, "everybody on this host may read", "chmod o= /s"),
    ),
    (
        "credentials",
        {"secrets": (Secret("n.service", "tok", "/s", True, is_newer=True),)},
        *(NOTE, "was stored after", "systemctl restart n.service"),
    ),
    (
        "credentials",
        {"loose_credentials": (Loose("/c"),)},
        WRONG,
        "/c is open to others",
        "and have the secret changed",
    ),
    ("credentials", {"spoilt_secrets": (("tok", "/c/tok", "a"),)}, WRONG, "tok in /c/tok cannot", "secret set tok &&"),
    ("credentials", {"spoilt_secrets": (("tok", "/c/tok", "a@b"),)}, WRONG, "a@b does not start", "tok --agent b &&"),
    ("credentials", {"idle_secrets": (("tok", "a"),)}, NOTE, "the secret tok is stored for a", "secret remove tok"),
    ("credentials", {"idle_secrets": (("tok", "a@b"),)}, NOTE, "stored for a@b", "secret remove tok --agent b"),
    ("libraries", {"notifier": notifier(TELEGRAM), "modules": frozenset()}, WRONG, "library", "apt install python3-py"),
    (
        "reach",
        {"reached": (Reach("the channel x", "h:1", "refused"),)},
        WRONG,
        "x cannot be reached at h:1",
        "firewall",
    ),
    ("watched", watched(a={"LoadState": "not-found"}), WRONG, "a.service is watched, and this host has no", "correct"),
    ("watched", watched(a={"LoadState": "masked"}), WRONG, "masked", "unmask"),
    ("watched", watched(a={"LoadState": "bad-setting"}), WRONG, "cannot read it (bad-setting)", "systemctl status"),
    (
        "watched",
        {"detector": detector('[[watch]]\nunit = "x*.service"'), "globs": {"x*.service": ()}},
        *(WRONG, '"x*.service" fits no unit', "list-units"),
    ),
    ("watched", {"detector": DetectorConfig(), "globs": {AGENTS: ()}}, NOTE, "no agent is loaded", "enable --now"),
    ("thresholds", watched(a={"Type": "oneshot"}), WRONG, "2 critical-tier units are watched", "watch the whole fleet"),
    (
        "thresholds",
        {"detector": detector(FLEET.replace('"act"', '"observe"')), **watched(a={"LoadState": "masked"})},
        *(NOTE, "CASCADING needs 3", "watch the whole fleet"),
    ),
    (
        "thresholds",
        {"detector": detector(f"{FLEET}thresholds = {{ critical = 2 }}"), **watched(c={"Restart": "no"})},
        *(NOTE, "the thresholds of c.service never count", "Restart=on-failure"),
    ),
    (
        "thresholds",
        {"detector": detector(f"{FLEET}thresholds = {{ critical = 2 }}")},
        *(
            NOTE,
            "the thresholds of c.service take warning along; in force are warning = 2, critical = 2, cascading = 7",
        ),
        "name all three",
    ),
    (
        "thresholds",
        {"detector": detector(f"{FLEET}thresholds = {{ warning = 9 }}")},
        *(
            NOTE,
            "c.service take critical and cascading along; in force are warning = 9, critical = 9, cascading = 9",
        ),
        "name all three",
    ),
    (
        "thresholds",
        watched(b={"StartLimitIntervalUSec": "10s", "StartLimitBurst": "5"}),
        *(NOTE, "systemd never gives up on b.service", "StartLimitIntervalSec=60"),
    ),
    (
        "restarts",
        own(MASTER_RESTART, StartLimitBurst="2"),
        NOTE,
        "max_per_hour = 3 is never reached",
        "lower max_per_hour",
    ),
    ("restarts", own(MASTER_RESTART, LoadState="masked", StartLimitBurst=""), WRONG, "is masked", "unmask"),
    (
        "files",
        {"detector": detector('critical_files = ["/x"]'), "files": {"/x": File("/x", False)}},
        WRONG,
        "missing",
        "create",
    ),
    (
        "files",
        {"detector": detector('critical_files = ["/x"]'), "files": {"/x": File("/x", obstacle="shut")}},
        *(WRONG, "the critical file /x cannot be seen by the detector: shut", "setfacl"),
    ),
    (
        "files",
        {"detector": detector('critical_files = ["/x"]'), "files": {"/x": File("/x", True, "hides it", True)}},
        *(WRONG, "hides it", "/srv"),
    ),
    ("agents", with_agent("", TimeoutStopUSec="9s"), WRONG, "kills it after TimeoutStopSec=9", "raise TimeoutStopSec"),
    ("agents", with_agent("", WatchdogUSec="15s"), WRONG, "not below its unit's WatchdogSec=15", "lower callback"),
    ("agents", with_agent("[shutdown.budget_s]\nnotify = 5"), NOTE, "may take 12 s together", "lower a step"),
    ("versions", {"older_versions": {"a.service": "0.0.9"}}, NOTE, "a.service runs 0.0.9", "systemctl restart a"),
    (
        "versions",
        {"older_versions": {agent_unit("b"): "0.0.9"}, "held": {agent_unit("b"): "+5 X MIS"}},
        *(NOTE, "@b.service runs 0.0.9", "a stop closes what it holds (+5 X MIS), so once it holds nothing: "),
    ),
    (
        "credentials",
        {"secrets": (Secret(agent_unit("b"), "k", "/s", True, is_newer=True),), "held": {agent_unit("b"): "+5 X MIS"}},
        *(
            NOTE,
            "was stored after",
            "a stop closes what it holds (+5 X MIS), so once it holds nothing: systemctl restart",
        ),
    ),
    ("statuses", {"unseen": frozenset({DETECTOR})}, WRONG, "runs, but its status file", "restart standfast-detector"),
    ("statuses", {"unseen": frozenset({agent_unit("paper")})}, WRONG, "@paper.service runs", "when it suits"),
    ("daemons", {"troubles": (Trouble("Channel x refused", "see x"),)}, WRONG, "Channel x refused", "see x"),
    ("daemons", {"remarks": (Trouble("Agent b trades on", "restart b"),)}, NOTE, "Agent b trades on", "restart b"),
    ("daemons", {"fleet": ("down", "y")}, NOTE, "no fault of this installation: down (and 1 more)", "standfastctl st"),
    ("strategies", {"code": {"paper": Code(wrong="/x has no class Y")}}, WRONG, "/x has no class Y", "correct"),
    ("strategies", {"code": {"paper": Code(wrong="x", step="see to it")}}, WRONG, "x", "see to it"),
    ("strategies", {"code": {"paper": Code(unknown="no source")}}, NOTE, "is not known: no source", "journalctl"),
    ("strategies", {"strategies": {"paper": File("/s", True, "shut")}}, WRONG, "cannot read its strategy", "chmod"),
    ("strategies", {"strategies": {"paper": File("/s", True, "hid", True)}}, WRONG, "hid", "/srv"),
    ("openalgo", with_agent(OPENALGO), NOTE, "no unit of that name", "After=ITS-NAME"),
    (
        "openalgo",
        {**with_agent(OPENALGO), "globs": {"*openalgo*.service": ("my-openalgo.service", agent_unit("paper"))}},
        *(WRONG, "is not ordered after it", "After=my-openalgo.service"),
    ),
]


@pytest.mark.parametrize(("name", "changes", "gravity", "what", "step"), BROKEN)
def test_what_is_wrong_is_said_with_the_next_step(
    name: str, changes: dict[str, Any], gravity: Gravity, what: str, step: str
) -> None:
    found = findings(name, replace(healthy(), **changes))
    fitting = [one for one in found if what in one.what]
    assert fitting, found
    assert (fitting[0].gravity, step in fitting[0].step) == (gravity, True), fitting


def test_every_rule_was_broken() -> None:
    assert {case[0] for case in BROKEN} == {name for name, _ in RULES}


@pytest.mark.parametrize(
    "causes",
    ["causes = []", 'causes = ["files"]'],
)
def test_acting_without_a_cause(causes: str) -> None:
    config = detector(FLEET + f"[restart]\n{causes}")
    (found,) = findings("restarts", replace(healthy(), detector=config))
    assert found.gravity is WRONG


def test_acting_with_nothing_to_restart() -> None:
    config = detector(FLEET.replace('.service"', '.service"\nrestart = false'))
    (found,) = findings("restarts", replace(healthy(), detector=config))
    assert "has nothing to restart" in found.what


def test_the_first_installation_is_too_small_to_cascade_and_that_is_well() -> None:
    facts = replace(healthy(), detector=DetectorConfig(), watched={agent_unit("paper"): unit(agent_unit("paper"))})
    assert findings("thresholds", facts) == []


def test_a_containers_clock_is_its_hosts() -> None:
    assert findings("clock", replace(healthy(), is_synchronized=False, in_container=True)) == []


def test_an_agent_that_is_ordered_after_its_gateway() -> None:
    changes = with_agent(OPENALGO, After="basic.target openalgo.service")
    facts = replace(healthy(), **changes, globs={"*openalgo*.service": ("openalgo.service",)})
    assert findings("openalgo", facts) == []


def test_a_gateway_elsewhere_needs_no_order() -> None:
    assert (
        findings("openalgo", replace(healthy(), **with_agent(f'{OPENALGO}[openalgo]\nurl = "https://algo.example"')))
        == []
    )


def test_a_drop_in_that_repeats_what_is_shipped_loosens_nothing() -> None:
    assert findings("drop-ins", replace(healthy(), **drop_in(NOTIFIER, "ProtectHome", "yes"))) == []
    assert findings("drop-ins", replace(healthy(), **drop_in(NOTIFIER, "MemoryMax", "1G"))) == []


@pytest.mark.parametrize(
    ("text", "size"), [("64M", 64 << 20), ("1g", 1 << 30), ("4096", 4096), ("much", None), ("", None)]
)
def test_sizes(text: str, size: int | None) -> None:
    assert bytes_of(text) == size
