"""Configuration: what is accepted, and that each mistake is one line that names file, key, expectation and value."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest

from standfast.config import Alias, AtLeast, ConfigError, Seconds, is_url, load, load_text, repeated
from standfast.config.urls import origin, shown_url
from standfast.notifier.config import NotifierConfig


class Mode(StrEnum):
    OBSERVE = "observe"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Http:
    url: str
    kind: Literal["http"] = "http"
    timeout_s: Seconds = 5.0


@dataclass(frozen=True, slots=True)
class File:
    path: str
    kind: Literal["file"] = "file"


@dataclass(frozen=True, slots=True)
class Watch:
    unit: str
    grace_s: Seconds = 30.0
    check: tuple[Http | File, ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    max_per_hour: Annotated[int, AtLeast(1)] = 3
    settle_s: Seconds = 10.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    warning: int = 3
    critical: int = 5

    def mistakes(self) -> Iterable[tuple[str, str, str]]:
        if self.critical <= self.warning:
            yield "critical", f"more than warning ({self.warning})", str(self.critical)


@dataclass(frozen=True, slots=True)
class Example:
    mode: Mode = Mode.OBSERVE
    check_interval_s: Seconds = 30.0
    share: float = 0.5
    name: str = "fleet"
    on: bool = True
    files: tuple[str, ...] = ()
    sender: Annotated[str, Alias("from")] = "me"
    session: Restart | None = None
    restart: Restart = field(default_factory=Restart)
    thresholds: Thresholds = field(default_factory=Thresholds)
    budget_s: dict[str, Seconds] = field(default_factory=dict)
    watch: tuple[Watch, ...] = ()


def read(text: str, name: str = "x.toml", **environ: str) -> Example:
    return load_text(Example, text, name, environ)


def mistakes(text: str, name: str = "x.toml", **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, name, **environ)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_an_empty_file_gives_the_defaults() -> None:
    assert read("") == Example()


def test_every_kind_of_value_is_read() -> None:
    text = """
mode = "act"
check_interval_s = "5min"
share = 1
on = false
files = ["/a", "/b"]
from = "you"
session = { max_per_hour = 1 }
budget_s = { notify = "2s", save = 1 }
[restart]
settle_s = 1.5
[[watch]]
unit = "a.service"
[[watch.check]]
kind = "http"
url = "http://127.0.0.1:1/"
[[watch.check]]
kind = "file"
path = "/x"
"""
    assert read(text) == Example(
        mode=Mode.ACT,
        check_interval_s=300.0,
        share=1.0,
        on=False,
        files=("/a", "/b"),
        sender="you",
        session=Restart(max_per_hour=1),
        restart=Restart(settle_s=1.5),
        budget_s={"notify": 2.0, "save": 1.0},
        watch=(Watch("a.service", check=(Http("http://127.0.0.1:1/"), File("/x"))),),
    )


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90.0), ("0.5", 0.5), ('"90s"', 90.0), ('"5min"', 300.0), ('"2h"', 7200.0), ('"7"', 7.0)],
)
def test_durations(written: str, seconds: float) -> None:
    assert read(f"check_interval_s = {written}").check_interval_s == seconds


DURATION = 'a duration (seconds, or text like "90s", "5min", "2h")'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("mode = 'brave'", 'x.toml:1: mode: expected one of "observe", "act", found "brave"'),
        ("\nmdoe = 'act'", 'x.toml:2: mdoe: expected a known key, found "mdoe"; did you mean "mode"?'),
        ("zzz = 1", 'x.toml:1: zzz: expected a known key, found "zzz"; remove it or correct its name'),
        ("on = 'yes'", 'x.toml:1: on: expected true or false, found "yes"'),
        ("name = 1", "x.toml:1: name: expected text in quotes, found 1"),
        ("share = true", "x.toml:1: share: expected a number, found true"),
        ("check_interval_s = '5 weeks'", f'x.toml:1: check_interval_s: expected {DURATION}, found "5 weeks"'),
        ("check_interval_s = -1", f"x.toml:1: check_interval_s: expected {DURATION}, at least 0, found -1"),
        ("[restart]\nmax_per_hour = 1.5", "x.toml:2: restart.max_per_hour: expected a whole number, found 1.5"),
        ("[restart]\nmax_per_hour = 0", "x.toml:2: restart.max_per_hour: expected a whole number, at least 1, found 0"),
        ("share = nan", "x.toml:1: share: expected a number, found NaN"),
        ("check_interval_s = inf", f"x.toml:1: check_interval_s: expected {DURATION}, found Infinity"),
        (
            "check_interval_s = '99999d'",
            f'x.toml:1: check_interval_s: expected {DURATION} of at most ten years, found "99999d"',
        ),
        ("restart = 3", "x.toml:1: restart: expected a table, found 3"),
        ("files = '/a'", 'x.toml:1: files: expected an array of texts in quotes, found "/a"'),
        ("files = ['/a', 2]", "x.toml:1: files[2]: expected text in quotes, found 2"),
        (
            "[[watch]]\ngrace_s = 1",
            "x.toml:1: watch[1].unit: expected text in quotes, found nothing; this key has no default",
        ),
        (
            "[[watch]]\nunit = 'a'\n[[watch]]\nunit = 'b'\n[[watch.check]]\nkind = 'gopher'",
            'x.toml:6: watch[2].check[1].kind: expected one of "http", "file", found "gopher"',
        ),
        ("[thresholds]\nwarning = 6", "x.toml:1: thresholds.critical: expected more than warning (6), found 5"),
    ],
)
def test_a_mistake_is_one_line(text: str, line: str) -> None:
    assert mistakes(text) == [line]


def test_all_mistakes_are_found_at_once() -> None:
    assert len(mistakes("mode = 1\nnope = 2\n[restart]\nsettle_s = 'x'\nother = 1")) == 4


@dataclass(frozen=True, slots=True)
class Fleet:
    watch: tuple[Watch, ...] = ()

    def mistakes(self) -> Iterable[tuple[str, str, str]]:
        for key, found in repeated("watch", [watch.unit for watch in self.watch]):
            yield f"{key}.unit", "each once", found
        for number, watch in enumerate(self.watch, 1):
            if watch.grace_s > 100:
                yield f"watch[{number}].grace_s", "at most 100", f"{watch.grace_s:g}"
        if not self.watch:
            yield "watch", "at least one", "[]"


ONE = "[[watch]]\nunit = 'a'\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # One that is wrong in another key is still one of two of a name; its own line is named.
        (ONE + ONE + "gracs_s = 1", ["x.toml:5: watch[2].gracs_s", "x.toml:4: watch[2].unit"]),
        # One of which nothing is known is left out, and the others keep their numbers.
        (
            "[[watch]]\n" + ONE + ONE + "grace_s = 101",
            ["x.toml:1: watch[1].unit", "x.toml:5: watch[3].unit", "x.toml:6: watch[3].grace_s"],
        ),
        # What stands at its default because its value is wrong proves nothing, and neither does an empty rest.
        (ONE + "grace_s = 'long'", ["x.toml:3: watch[1].grace_s"]),
        ("[[watch]]", ["x.toml:1: watch[1].unit"]),
        ("watch = []", ["x.toml:1: watch"]),
    ],
)
def test_one_wrong_element_hides_nothing_about_the_others(text: str, found: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(Fleet, text, "x.toml", {})
    assert [str(one).partition(": expected")[0] for one in caught.value.mistakes] == found


def test_a_name_that_stands_there_before_is_said_to() -> None:
    with pytest.raises(ConfigError, match=r'x\.toml:4: watch\[2\]\.unit: expected each once, found "a" once more'):
        load_text(Fleet, ONE + ONE, "x.toml", {})


def test_elements_within_elements_are_counted_as_they_stand() -> None:
    text = "[[route]]\n[[route]]\nchannels = [3, 'x']"
    with pytest.raises(ConfigError) as caught:
        load_text(NotifierConfig, text, "x.toml", {})
    keys = [one.key for one in caught.value.mistakes]
    assert keys == ["route[1].channels", "route[2].channels[1]", "route[2].channels[2]"]


JSON = """{
  "mode": "brave",
  "files": [
    "/a",
    2
  ],
  "restart": { "settle_s": 1, "max_per_hour": 0 },
  "watch": [
    { "unit": "a" }, { "unit": "b",
      "check": [ { "kind": "gopher" } ] }
  ]
}"""


def test_a_mistake_in_json_names_its_line_too() -> None:
    assert [line.split(": expected")[0] for line in mistakes(JSON, "x.json")] == [
        "x.json:2: mode",
        "x.json:5: files[2]",
        "x.json:7: restart.max_per_hour",
        "x.json:10: watch[2].check[1].kind",
    ]


def test_broken_toml_and_json_name_the_place() -> None:
    assert mistakes("mode = \n") == ["x.toml:1: expected TOML; at column 8: invalid value"]
    (line,) = mistakes('mode = "act"\n[[watch]\nunit = "a"\n')
    assert line.startswith("x.toml:2: expected TOML; at column ")
    assert mistakes('{"mode": }', "x.json")[0].startswith("x.json:1: expected JSON; at column 10: expecting value;")


def places(text: str) -> list[str]:
    return [line.split(": expected")[0].removeprefix("x.toml:") for line in mistakes(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "mode = 'brave'\n\n[restart]\nsettle_s = 20 20\nmax_per_hour = 0",
            ["4", "1: mode", "5: restart.max_per_hour"],
        ),
        # An array that is not ended, at its beginning; a line within one; a header; a key that is there twice.
        (
            "mode = 'brave'\nfiles = [\n '/a',\n\non = 5\n[restart]\nsettle_s = 'x'",
            ["2", "1: mode", "5: on", "7: restart.settle_s"],
        ),
        ("files = [\n '/a' '/b',\n]\non = 5", ["2", "4: on"]),
        ("[restart\nsettle_s = 'x'\n\n[[watch]\nport = 1", ["1", "4", "2: restart.settle_s", "5: watch[1].port"]),
        ("on = 5\non = true\nfoo\nmode = 'act'", ["2", "3", "1: on"]),
        # What follows from a slip is none, nor is what may be where nobody could read.
        ("files = ['/a',,\n '/b',\n]\n[[watch]]\nunit = ", ["1", "5"]),
        ("name = '\non = 5", ["1", "2: on"]),
    ],
)
def test_a_slip_of_the_keyboard_hides_no_other_mistake(text: str, expected: list[str]) -> None:
    assert places(text) == expected


def test_what_cannot_be_put_in_order_leaves_what_stands_before_it() -> None:
    hopeless = "\n".join(f"}}{number}" for number in range(30))
    first, *others = mistakes(f"mode = 'brave'\n{hopeless}\non = 5")
    assert first.startswith("x.toml:2: expected TOML; at column 1: ")
    assert first.endswith("; what follows was not read")
    assert [line.split(": expected")[0] for line in others] == ["x.toml:1: mode"]


def test_nothing_is_said_across_keys_of_which_one_could_not_be_read() -> None:
    wrong = "[thresholds]\nwarning = 5\ncritical = 4\n"
    assert any("thresholds" in line for line in mistakes(wrong))
    assert places("[thresholds]\nwarning = 5\ncritical = 4 4\n") == ["3"]


def test_the_environment_overrides_the_file() -> None:
    got = read(
        "mode = 'observe'\n[restart]\nsettle_s = 1",
        STANDFAST_MODE="act",
        STANDFAST_RESTART_SETTLE_S="2min",
        STANDFAST_ON="false",
        STANDFAST_FILES="/a, /b",
        STANDFAST_SESSION_MAX_PER_HOUR="2",
    )
    assert (got.mode, got.restart.settle_s, got.on, got.files) == (Mode.ACT, 120.0, False, ("/a", "/b"))
    assert got.session == Restart(max_per_hour=2)


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    assert mistakes("", STANDFAST_RESTART_SETTLE_S="many") == [
        f'environment variable STANDFAST_RESTART_SETTLE_S: restart.settle_s: expected {DURATION}, found "many"'
    ]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    assert load(Example, path, {}) == Example()
    with pytest.raises(ConfigError, match=r"x\.toml: expected a configuration file, found none; write it"):
        load(Example, path, {}, required=True)
    path.with_suffix(".json").write_text('{"name": "from json"}')
    assert load(Example, path, {}).name == "from json"
    path.write_text("name = 'from toml'")
    assert load(Example, path, {}).name == "from toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="expected a readable file, found bytes that are not UTF-8"):
        load(Example, path, {})


@pytest.mark.parametrize("name", ["x.toml/y.toml", "x" * 300 + ".toml", "\0.toml"])
def test_a_path_that_leads_nowhere(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").touch()
    with pytest.raises(ConfigError, match=r"\.toml: expected a (readable|configuration) file, found"):
        load(Example, tmp_path / name, {}, required=True)


def test_the_first_line_counts_the_others() -> None:
    with pytest.raises(ConfigError) as caught:
        read("a = 1\nb = 2")
    assert caught.value.first_line.endswith("(and 1 more)")


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("http://127.0.0.1:8001/health", True),
        ("https://[::1]/", True),
        ("http://127.0.0.1:abc/", False),
        ("http://127.0.0.1:99999/", False),
        ("http://127.0.0.1:0/", False),
        ("http:///x", False),
        ("ftp://host/", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_urls(text: str, usable: bool) -> None:
    assert is_url(text, ("http", "https")) is usable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://127.0.0.1:8001/health", "http://127.0.0.1:8001/health"),
        ("https://me:hush@[::1]:8/x?token=hush#hush", "https://[::1]:8/x"),
        ("http://[", "http://["),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_secret(text: str, shown: str) -> None:
    assert shown_url(text) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("htps://me:hush@hook.example/hush?hush#hush", '"htps://hook.example/..."'),
        ("http://h:70000/hush", "text that is none"),
        ("http://h:8/hush", '"http://h:8/..."'),
        ("hook.example/hush", "text that is none"),
        ("http://[hush", "text that is none"),
        ("", '""'),
    ],
)
def test_a_wrong_address_is_told_without_what_only_its_owner_knows(text: str, said: str) -> None:
    assert origin(text) == said
