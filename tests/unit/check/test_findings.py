"""The timer's check: what it makes of what it finds."""

from __future__ import annotations

import pytest

from standfast.check import findings
from standfast.check.findings import Answer, LastEnd
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.notifier.channels.channel import Standing
from standfast.unit_names import DETECTOR, NOTIFIER

GIB = 2**30


def room(free: int, inodes: int = 100, total: int = 100) -> Answer:
    free_of = {"bytes": (free * GIB, total * GIB), "inodes": (inodes, total)}
    return findings.disk("/srv", "srv.mount", free_of, 0.05)


@pytest.mark.parametrize(
    ("answer", "well"),
    [
        (findings.runs(DETECTOR, "active"), True),
        (findings.runs(DETECTOR, "reloading"), True),
        (findings.runs(DETECTOR, "failed"), False),
        (findings.runs(DETECTOR, "inactive"), False),
        (findings.turns(DETECTOR, 30, 120), True),
        (findings.turns(DETECTOR, 121, 120), False),
        (findings.turns(DETECTOR, None, 120), None),
        (room(5), True),
        (room(4), False),
        (room(50, inodes=4), False),
        (room(0, total=0), None),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.OK)}), True),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.OK), "b": Finding(Outcome.FAIL)}), False),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.UNKNOWN)}), None),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.OK), "b": Finding(Outcome.UNKNOWN)}), None),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.FAIL), "b": Finding(Outcome.UNKNOWN)}), False),
        (findings.channel("sms", Standing(True)), True),
        (findings.channel("sms", Standing(False, "HTTP 401")), False),
        (findings.channel("sms", Standing(None, "cannot reach Twilio")), None),
        (findings.configuration("notifier.toml", NOTIFIER, ""), True),
        (findings.configuration("notifier.toml", NOTIFIER, "notifier.toml:3: host: expected a text"), False),
        (findings.ping(Finding(Outcome.OK)), True),
        (findings.ping(Finding(Outcome.FAIL, "status 503")), False),
        (findings.ping(Finding(Outcome.UNKNOWN, "no answer within 10 s")), False),
    ],
)
def test_answers(answer: Answer, well: bool | None) -> None:
    assert answer.well is well
    assert answer.words


def test_what_is_scarce_is_named() -> None:
    assert room(4).words == "4.0% of the disk at /srv are free (4 GiB)"
    assert room(50, inodes=3).words == "3.0% of the disk at /srv are free (3 inodes)"


def test_a_watcher_that_is_down_with_a_mistake_in_its_configuration_says_to_correct_it() -> None:
    mistake = "/etc/standfast/detector.toml:3: mode: expected a text (and 1 more)"
    wrong = findings.configuration("detector.toml", DETECTOR, mistake)
    assert wrong.words == (
        "standfast-detector.service does not start with detector.toml as it is, and keeps the old while it runs: "
        + mistake
    )
    assert wrong.question.action.endswith("then systemctl reload standfast-detector.service")
    down, up = findings.runs(DETECTOR, "failed"), findings.runs(NOTIFIER, "active")
    explained, other = findings.with_causes((down, up), (wrong, findings.configuration("notifier.toml", NOTIFIER, "")))
    assert explained.question.action.startswith("standfastctl check-config, ")
    assert explained.words == f"standfast-detector.service is failed; its configuration has a mistake: {mistake}"
    # It is the same problem, whatever is to be done about it.
    assert explained.question == down.question
    assert other == up
    assert findings.with_causes((down,), ()) == (down,)


def test_what_to_do_about_a_damaged_database_names_where_it_lies() -> None:
    found = {"trades": Finding(Outcome.FAIL, "malformed"), "prices": Finding(Outcome.OK)}
    paths = {"trades": "/srv/trades.db", "prices": "/srv/prices.db"}
    damaged = findings.databases(found, paths)
    assert (damaged.well, damaged.question) == (False, findings.DATABASES)
    assert damaged.question.action == (
        "Stop what writes to /srv/trades.db (find /proc/[0-9]*/fd -lname '/srv/trades.db*'; its number there: "
        "systemctl status NUMBER), then restore it from its backup"
    )
    both = findings.databases(dict.fromkeys(found, found["trades"]), paths).question.action
    assert both.startswith(
        "Stop what writes to /srv/trades.db, /srv/prices.db (find /proc/[0-9]*/fd -lname '/srv/trades.db*' "
        "-o -lname '/srv/prices.db*'; "
    )


def test_which_database_is_well_again_is_said() -> None:
    fine, paths = Finding(Outcome.OK), {name: f"/srv/{name}.db" for name in "abcdefg"}
    found = dict.fromkeys(paths, fine)
    assert findings.databases({"a": fine}, paths).words == "a is well"
    assert findings.databases(found, paths).words == "a, b, c, d, e and 2 more are well"
    again = findings.databases(found, paths, {"g", "f", "gone"})
    assert (again.well, again.words) == (True, "f, g are well again")
    locked = {**found, "a": Finding(Outcome.UNKNOWN, "it is locked")}
    assert findings.databases(locked, paths, {"g"}).words == "a (it is locked)"
    assert findings.databases({**found, "a": Finding(Outcome.FAIL, "malformed")}, paths, {"g"}).words == "a (malformed)"


@pytest.mark.parametrize(
    ("state", "ended", "words"),
    [
        ("inactive", None, "is inactive"),
        ("inactive", LastEnd("success", 0), "is inactive"),
        ("failed", LastEnd("watchdog", 6), "is failed: watchdog"),
        ("failed", LastEnd("signal", 9), "is failed: signal 9"),
        ("failed", LastEnd("exit-code", 1), "is failed: exit code 1"),
        ("failed", LastEnd("start-limit-hit", 0), "is failed: start-limit-hit"),
        (
            "activating",
            LastEnd("exit-code", 243),
            "does not start, systemd tries it again and again: exit code 243/CREDENTIALS, "
            "a stored secret cannot be decrypted",
        ),
        ("activating", LastEnd("success", 0), "is activating"),
    ],
)
def test_a_watcher_that_is_down_says_why(state: str, ended: LastEnd | None, words: str) -> None:
    answer = findings.runs(NOTIFIER, state, None, ended)
    assert (answer.well, answer.words) == (False, f"{NOTIFIER} {words}")
    assert answer.question == findings.watcher_down(NOTIFIER)
    assert answer.question.action.endswith(f"then systemctl start {NOTIFIER}")


def test_what_to_do_about_a_secret_is_to_store_it_anew() -> None:
    answer = findings.runs(NOTIFIER, "activating", None, LastEnd("exit-code", 243))
    assert answer.question.action.startswith("standfastctl doctor names the secret")


UP = (findings.runs(NOTIFIER, "active"), findings.turns(NOTIFIER, 5, 120))
DOWN = (findings.runs(NOTIFIER, "failed"), findings.turns(NOTIFIER, None, 120))
STUCK = (findings.runs(NOTIFIER, "active"), findings.turns(NOTIFIER, 500, 120))
OTHER_DOWN = (findings.runs(DETECTOR, "failed"), *UP)


@pytest.mark.parametrize(
    ("came", "watchers", "well"),
    [
        (True, UP, True),
        (True, STUCK, True),
        (False, UP, False),
        (False, OTHER_DOWN, False),
        # That it is down or stuck is the trouble; the canary is no second one.
        (False, DOWN, None),
        (False, STUCK, None),
        (None, UP, None),
    ],
)
def test_a_canary_that_does_not_come_is_one_trouble(
    came: bool | None, watchers: tuple[Answer, ...], well: bool | None
) -> None:
    assert findings.canary(came, 20, watchers).well is well


@pytest.mark.parametrize(
    ("watchers", "holds"),
    [
        ((*UP, findings.canary(True, 20, UP)), True),
        ((*UP, findings.canary(False, 20, UP)), False),
        ((*UP, findings.canary(None, 20, UP)), False),
        ((*STUCK, findings.canary(True, 20, STUCK)), False),
        ((*OTHER_DOWN, findings.canary(True, 20, OTHER_DOWN)), False),
        ((), False),
    ],
)
def test_the_dead_mans_switch_stands_for_all_of_it(watchers: tuple[Answer, ...], holds: bool) -> None:
    assert findings.all_hold(watchers) is holds


def test_only_what_is_wrong_is_named() -> None:
    up, room_left = findings.runs(DETECTOR, "active"), room(50)
    assert findings.in_words((up, room_left)) == "all is well"
    unknown = findings.turns(DETECTOR, None, 120)
    assert findings.in_words((up, unknown)) == f"1 could not be looked at ({DETECTOR} has no status)"
    assert findings.in_words((room(4), up, unknown)).startswith("1 not well (4.0% of the disk")
