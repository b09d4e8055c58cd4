"""detector.toml: the shipped file is the defaults, and every mistake is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from standfast.config import ConfigError, load, load_text
from standfast.detector.config import DetectorConfig, Mode, Scope, ThresholdOverrides, Thresholds, Tier
from standfast.detector.watched import Watching, port_of

SHIPPED = Path(__file__).parents[3] / "packaging/etc/standfast"


HTTPS = "[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'http'\nurl = 'https://127.0.0.1/'\n"
POSTGRESQL = "[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'postgresql'\n"


def read(text: str, **environ: str) -> DetectorConfig:
    return load_text(DetectorConfig, text, "detector.toml", environ)


def mistakes(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return "\n".join(map(str, caught.value.mistakes))


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(DetectorConfig, SHIPPED / "detector.toml", {}, required=True) == DetectorConfig()


def test_the_example_in_the_shipped_file_is_correct() -> None:
    lines = (SHIPPED / "detector.toml").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line == "#[[watch]]")
    commented = [line.removeprefix("#") for line in lines[start:]]
    example = [line for line in commented if (" = " in line and line[0] != " ") or line.startswith("[[")]
    config = read("\n".join(example))
    (watch,) = config.watch
    assert [check.kind for check in watch.check] == ["http", "tcp", "file", "sqlite", "postgresql", "exec"]
    assert [database.name for database in config.database] == ["trades", "orders"]


def test_all_keys() -> None:
    config = read(
        """
        mode = "act"
        check_interval_s = "1min"
        thresholds = { warning = 2, critical = 4, cascading = 6 }
        critical_files = ["/a.json"]
        [restart]
        scope = "affected"
        causes = ["units"]
        [[watch]]
        unit = "a.service"
        tier = "important"
        thresholds = { cascading = 9 }
        """
    )
    assert (config.mode, config.check_interval_s, config.restart.scope) == (Mode.ACT, 60.0, Scope.AFFECTED)
    assert Watching(config).rules("a.service").thresholds == Thresholds(2, 4, 9)
    assert Watching(config).rules("a.service").tier is Tier.IMPORTANT


def test_the_environment_overrides() -> None:
    assert read("", STANDFAST_MODE="act", STANDFAST_RESTART_MAX_PER_HOUR="1").restart.max_per_hour == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mode = 'do'", 'detector.toml:1: mode: expected one of "observe", "act", found "do"'),
        ("check_interval_s = 0.1", "at least 1"),
        ("thresholds = { warning = 5, critical = 3 }", "warning <= critical <= cascading"),
        ("[restart]\nmax_per_hour = 0", "at least 1"),
        ("[restart]\nsettle_s = 101", "at most 100 s, found 101"),
        ("[[watch]]\nunit = 'a'", 'a unit name with its type, like "bot.service"'),
        ("[[watch]]\nunit = 'a.service'\n[[watch]]\nunit = 'a.service'", "watch[2].unit: expected each unit once"),
        ("[[watch]]\nunit = 'a.service'\nthresholds = { warning = 9, cascading = 3 }", "warning <= critical"),
        ("[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'ping'", 'expected one of "http"'),
        ("[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'http'\nurl = 'x'", "a URL like"),
        (f"{HTTPS}ca_file = 'ca.pem'", 'watch[1].check[1].ca_file: expected an absolute path, found "ca.pem"'),
        (f"{HTTPS}tls_warn_days = -1", "at least 0"),
        (f"{HTTPS}tls_name = '.bot'", 'tls_name: expected a host name like "bot.example", found ".bot"'),
        ("[prediction]\nfigures = ['disc']", 'expected one of "memory", "disk"'),
        ("[prediction]\nwindow_s = 5", "at least 10"),
        (POSTGRESQL, "watch[1].check[1].database: expected text in quotes, found nothing"),
        (f"{POSTGRESQL}database = 'postgresql://me:secret@db'", "found a connection string"),
        (f"{POSTGRESQL}database = 'host=db password=secret'", "found a connection string"),
        (f"{POSTGRESQL}database = 'a'\nport = 70000", "a port, 1 to 65535"),
        (f"{POSTGRESQL}database = 'a'\npassfile = 'p'", "an absolute path"),
        ("[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'http'\nurl = 'http://127.0.0.1:abc/h'", "a URL like"),
        (
            "[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'http'\nurl = 'http://127.0.0.1:99999'",
            "a URL like",
        ),
        ("[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'http'\nurl = 'http:///h'", "a URL like"),
        ("[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'tcp'\nport = 65536", "a port, 1 to 65535"),
        ("[[watch]]\nunit = 'a.service'\n[[watch.check]]\nkind = 'exec'\ncommand = ['x']", "absolute path"),
        ("[[database]]\nkind = 'sqlite'\nname = 'a'\npath = 'x'", "an absolute path"),
        ("critical_files = ['x']", "an absolute path"),
        ("interval = 3", 'expected a known key, found "interval"'),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    assert told in mistakes(text)
    assert "\n" not in mistakes(text)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (ThresholdOverrides(), Thresholds(3, 5, 7)),
        (ThresholdOverrides(cascading=9), Thresholds(3, 5, 9)),
        (ThresholdOverrides(cascading=2), Thresholds(2, 2, 2)),
        (ThresholdOverrides(critical=8), Thresholds(3, 8, 8)),
        (ThresholdOverrides(warning=6), Thresholds(6, 6, 7)),
        (ThresholdOverrides(1, 2, 3), Thresholds(1, 2, 3)),
    ],
)
def test_one_threshold_takes_its_neighbours_along(override: ThresholdOverrides, expected: Thresholds) -> None:
    assert override.over(Thresholds()) == expected


def test_an_exact_name_holds_before_a_glob_and_the_first_glob_before_the_next() -> None:
    config = read(
        """
        [[watch]]
        unit = "bot@*.service"
        grace_s = 1
        [[watch]]
        unit = "bot@special.service"
        grace_s = 2
        [[watch]]
        unit = "*.service"
        grace_s = 3
        """
    )
    watching = Watching(config)
    graces = [watching.rules(f"{name}.service").grace_s for name in ("bot@x", "bot@special", "other")]
    assert graces == [1, 2, 3]
    assert not watching.watches("a.timer")
    assert watching.names == ("bot@special.service",)
    assert watching.patterns == ("bot@*.service", "*.service")


@pytest.mark.parametrize(
    ("check", "port"),
    [
        ("kind = 'http'\nurl = 'http://127.0.0.1:8001/health'", 8001),
        ("kind = 'http'\nurl = 'http://[::1]:8002/'", 8002),
        ("kind = 'http'\nurl = 'http://[::1]/'", 80),
        ("kind = 'http'\nurl = 'https://host/'", 443),
        ("kind = 'tcp'\nport = 5432", 5432),
        ("kind = 'file'\npath = '/x'", None),
    ],
)
def test_the_port_in_the_status(check: str, port: int | None) -> None:
    config = read(f"[[watch]]\nunit = 'a.service'\n[[watch.check]]\n{check}")
    assert port_of(Watching(config).rules("a.service")) == port
