"""What becomes of an old .env: each name of the earlier systems goes somewhere, nothing is written twice."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from standfast.agent.config import AgentConfig
from standfast.config import load_text
from standfast.config.earlier import names_of
from standfast.ctl import import_env
from standfast.ctl.__main__ import main
from standfast.ctl.dotenv import parse
from standfast.ctl.importing import EnvError, Fate, Plan, Target, make_plan
from standfast.notifier.config import NotifierConfig

DEFAULTS = Path(__file__).parents[3] / "packaging/etc/standfast"
NOTIFIER, AGENT = "/etc/standfast/notifier.toml", "/etc/standfast/agents/openalgo.toml"
ALL = """
MAX_STARTUP_RETRIES=5
STARTUP_RETRY_DELAY_BASE=20
NOTIFICATION_THROTTLE_STARTUP=1800
NOTIFICATION_THROTTLE_WEBSOCKET=1801
NOTIFICATION_THROTTLE_BROKER=1802
NOTIFICATION_THROTTLE_DATABASE=1803
NOTIFICATION_AGGREGATION_WINDOW=90
WAITING_MODE_CHECK_INTERVAL=200
WAITING_MODE_SEND_HOURLY_STATUS=false
SHUTDOWN_TIMEOUT=8
SHUTDOWN_FORCE_MARKET_ORDERS=false
OPENALGO_API_KEY=hush-key
OPENALGO_HOST=10.0.0.5:5000
OPENALGO_WS_URL=ws://10.0.0.5:8765
TELEGRAM_ENABLED=true
SMS_ENABLED=true
SMS_PHONE_NUMBER=+15005550001
TWILIO_ACCOUNT_SID=AC0123
TWILIO_AUTH_TOKEN=hush-twilio
TWILIO_FROM_NUMBER=+15005550006
TELEGRAM_BOT_TOKEN=hush-telegram
TELEGRAM_CHAT_ID=-100
"""


def targets(files: dict[str, str] | None = None) -> list[Target]:
    now = {NOTIFIER: (DEFAULTS / "notifier.toml").read_text(), **(files or {})}
    new_agent = Target(AgentConfig, AGENT, now.get(AGENT, 'gateway = "openalgo"\n'), "openalgo", AGENT not in now)
    return [Target(NotifierConfig, NOTIFIER, now[NOTIFIER]), new_agent]


def plan(text: str, files: dict[str, str] | None = None) -> Plan:
    return make_plan(parse(text), targets(files))


def fates(found: Plan) -> dict[str, Fate]:
    return {row.name: row.fate for row in (*found.rows, *(wish.row for wish in found.secrets))}


def test_every_earlier_name_goes_somewhere() -> None:
    found = plan(ALL)
    names = {name.variable for shape in (AgentConfig, NotifierConfig) for name in names_of(shape)}
    assert fates(found).keys() == names
    assert set(fates(found).values()) == {Fate.WRITTEN, Fate.STORED}
    environ = {one.name: one.value for one in parse(ALL).assignments}
    for shape, path in ((AgentConfig, AGENT), (NotifierConfig, NOTIFIER)):
        before = 'gateway = "openalgo"\n' if shape is AgentConfig else ""
        written = load_text(shape, found.files[path], path, {})
        as_before = replace(written, route=()) if isinstance(written, NotifierConfig) else written
        assert as_before == load_text(shape, before, path, environ)


def test_no_secret_is_told_or_written_into_a_file() -> None:
    found = plan(ALL)
    assert {wish.value for wish in found.secrets} == {"hush-key", "hush-twilio", "hush-telegram"}
    assert {wish.agent for wish in found.secrets if wish.credential == "openalgo-api-key"} == {"openalgo"}
    assert "hush" not in repr([found.rows, [wish.row for wish in found.secrets], found.files])


def test_nothing_is_written_twice() -> None:
    again = plan(ALL, dict(plan(ALL).files))
    assert again.files == {}
    assert {row.fate for row in again.rows} == {Fate.ALREADY}


def test_comments_and_what_is_not_said_stay() -> None:
    before = (DEFAULTS / "notifier.toml").read_text().splitlines()
    after = plan("NOTIFICATION_AGGREGATION_WINDOW=90").files[NOTIFIER].splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ("aggregation_window_s = 60", "aggregation_window_s = 90")
    ]


@pytest.mark.parametrize("name", [NOTIFIER, NOTIFIER.replace(".toml", ".json")])
@pytest.mark.parametrize(("now", "told"), [("1", '"2"; replaces "1"'), ("2", '"2"'), ("", '"2"')])
def test_what_is_replaced_is_told(name: str, now: str, told: str) -> None:
    texts = (json.dumps({"channels": {"telegram": {"chat_id": now}}}), f'[channels.telegram]\nchat_id = "{now}"\n')
    text = texts[name.endswith("toml")] if now else ("{}", "")[name.endswith("toml")]
    (row,) = make_plan(parse("TELEGRAM_CHAT_ID=2"), [Target(NotifierConfig, name, text)]).rows
    assert row.detail == told


def test_a_channel_that_is_off_is_not_set_up() -> None:
    found = plan("TELEGRAM_ENABLED=false\nTELEGRAM_BOT_TOKEN=hush\nTELEGRAM_CHAT_ID=1\nTWILIO_AUTH_TOKEN=hush\n")
    assert (found.files, found.secrets) == ({}, ())
    assert set(fates(found).values()) == {Fate.OFF}
    assert [row.detail for row in found.rows] == [
        "no such channel is set up",
        "TELEGRAM_ENABLED is false",
        "TELEGRAM_ENABLED is false",
        "[channels.sms] is not configured",
    ]


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("MAX_STARTUP_RETRIES=many\nSHUTDOWN_TIMEOUT=7", {"MAX_STARTUP_RETRIES"}),
        ("TELEGRAM_ENABLED=maybe\nTELEGRAM_CHAT_ID=1", {"TELEGRAM_ENABLED"}),
    ],
)
def test_what_does_not_fit_is_a_mistake_and_the_rest_is_taken(text: str, bad: set[str]) -> None:
    found = plan(text)
    assert {name for name, fate in fates(found).items() if fate is Fate.BAD} == bad
    for path, written in found.files.items():
        load_text(NotifierConfig if path == NOTIFIER else AgentConfig, written, path, {})
    assert ("SHUTDOWN_TIMEOUT" in text) == any("timeout_s = 7" in written for written in found.files.values())


FROM = "TWILIO_FROM_NUMBER"


@pytest.mark.parametrize(
    ("text", "line", "fate", "why"),
    [
        ("", 0, Fate.MISSING, f"{FROM} is missing"),
        (f"{FROM}=", 5, Fate.MISSING, f"{FROM} is missing"),
        (f"{FROM}=$OTHER", 5, Fate.BAD, f"correct {FROM} first"),
    ],
)
def test_what_is_missing_is_told_where_the_others_need_it(text: str, line: int, fate: Fate, why: str) -> None:
    sms = "SMS_ENABLED=true\nSMS_PHONE_NUMBER=+15005550001\nTWILIO_ACCOUNT_SID=AC1\nTWILIO_AUTH_TOKEN=hush\n"
    found = plan(sms + text)
    assert (found.files, found.secrets) == ({}, ())
    ((number, told),) = [(row.line, row.fate) for row in found.rows if row.name == FROM]
    assert (number, told) == (line, fate)
    others = {(row.name, row.fate, row.detail) for row in found.rows if row.name != FROM}
    assert others == {(one.name, Fate.OFF, why) for one in parse(sms).assignments}


def test_a_switch_alone_is_not_taken_and_what_it_lacks_is_told() -> None:
    found = plan("TELEGRAM_ENABLED=true\nWAITING_MODE_CHECK_INTERVAL=often\n")
    told = {row.name: (row.line, row.fate, row.detail) for row in found.rows}
    assert told["TELEGRAM_ENABLED"] == (1, Fate.OFF, "TELEGRAM_CHAT_ID is missing")
    assert told["TELEGRAM_CHAT_ID"] == (0, Fate.MISSING, "[channels.telegram] cannot be without it")
    assert told["WAITING_MODE_CHECK_INTERVAL"][1] is Fate.BAD


@pytest.mark.parametrize("word", ["off", "No", "0", "FALSE"])
def test_a_switch_may_be_off_in_any_of_the_usual_words(word: str) -> None:
    found = plan(f"{SMS}SMS_ENABLED={word}\nTWILIO_AUTH_TOKEN=hush\nWAITING_MODE_SEND_HOURLY_STATUS={word}\n")
    assert (NOTIFIER in found.files, found.secrets) == (False, ())
    assert fates(found)["SMS_ENABLED"] is Fate.OFF
    assert tomllib.loads(found.files[AGENT])["waiting"]["hourly_status"] is False


@pytest.mark.parametrize("switch", ["maybe", "$SMS", "'no end"])
def test_nothing_is_taken_of_a_channel_whose_switch_cannot_be_read(switch: str) -> None:
    found = plan(f"{SMS}TWILIO_AUTH_TOKEN=hush\nSMS_ENABLED={switch}\n")
    assert (found.files, found.secrets) == ({}, ())
    told = fates(found)
    assert told.pop("SMS_ENABLED") is Fate.BAD
    assert set(told.values()) == {Fate.OFF}
    assert {row.detail for row in found.rows if row.fate is Fate.OFF} == {"correct SMS_ENABLED first"}


def test_no_file_is_begun_for_mistakes_alone() -> None:
    new = [replace(one, text="", is_new=True) for one in targets()]
    assert make_plan(parse("MAX_STARTUP_RETRIES=many\nSMS_ENABLED=perhaps\n"), new).files == {}


def test_a_slip_in_a_name_is_pointed_out() -> None:
    (slip, stranger) = plan("OPENALGO_APIKEY=hush\nFLASK_KEY=hush\n").rows
    assert (slip.fate, slip.detail) == (Fate.UNKNOWN, "did you mean OPENALGO_API_KEY?")
    assert stranger.detail == ""


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize(
    ("text", "step", "is_some"),
    [
        ("MAX_STARTUP_RETRIES=many\nSMS_ENABLED=perhaps\n", "Correct lines 1, 2 of FILE", False),
        ("TELEGRAM_CHAT_ID=1\nTELEGRAM_BOT_TOKEN=hush\nSMS_ENABLED=perhaps\n", "Correct line 3 of FILE", True),
        ("TELEGRAM_ENABLED=true\n", "Add TELEGRAM_CHAT_ID to FILE", False),
        ("\nTELEGRAM_ENABLED=true\nSMS_ENABLED=x", "Correct line 3 of FILE and add TELEGRAM_CHAT_ID to it", False),
    ],
)
def test_while_there_are_mistakes_the_last_step_is_to_correct_them(
    text: str,
    step: str,
    is_some: bool,
    dry: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    env = tmp_path / ".env"
    env.write_text(text)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(import_env, "_do", import_env._planned)
    assert main(["import-env", *(["--dry-run"] if dry else []), str(env)]) == 1
    told = capsys.readouterr().out
    last = told.splitlines()[-1]
    assert last.endswith(f"{step.replace('FILE', str(env))}, then run it again: sudo standfastctl import-env {env}")
    assert ("take it up" in told) is (is_some and not dry)
    assert "To do it" not in told
    assert "shred" not in told


def test_strangers_and_odd_lines_are_told() -> None:
    found = plan("FLASK_KEY=hush\nnot a line\nSMS_ENABLED=\n")
    assert [(row.line, row.name, row.fate) for row in found.rows] == [
        (1, "FLASK_KEY", Fate.UNKNOWN),
        (2, "", Fate.UNKNOWN),
        (3, "SMS_ENABLED", Fate.OFF),
    ]
    assert "hush" not in repr(found)


def test_a_key_alone_makes_an_agent() -> None:
    found = plan("OPENALGO_API_KEY=hush")
    assert found.files == {AGENT: 'gateway = "openalgo"\n'}
    assert [wish.row.where for wish in found.secrets] == ["credential openalgo-api-key of agent openalgo"]


@pytest.mark.parametrize("stop", ["10", "30"])
def test_a_stop_that_the_unit_does_not_allow_is_made_shorter(stop: str) -> None:
    found = plan(f"SHUTDOWN_TIMEOUT={stop}")
    assert tomllib.loads(found.files[AGENT])["shutdown"]["timeout_s"] == 9
    assert found.rows[0].detail == f"9 instead of {stop}: systemd kills the agent after 10 s"


SMS = "SMS_PHONE_NUMBER=+15005550001\nTWILIO_ACCOUNT_SID=AC1\nTWILIO_FROM_NUMBER=+15005550006\n"


@pytest.mark.parametrize("name", [NOTIFIER, NOTIFIER.replace(".toml", ".json")])
def test_a_new_sms_channel_gets_only_what_is_critical(name: str) -> None:
    target = Target(NotifierConfig, name, "{}" if name.endswith("json") else "")
    found = make_plan(parse(f"{SMS}TELEGRAM_CHAT_ID=1"), [target])
    critical, rest = load_text(NotifierConfig, found.files[name], name, {}).route
    assert (critical.severity, set(critical.channels)) == (("critical",), {"telegram", "sms"})
    assert (rest.severity, rest.channels) == ((), ("telegram",))
    assert "by SMS only what is critical, the rest by telegram" in [row.detail for row in found.rows]


@pytest.mark.parametrize(
    ("before", "routes"),
    [
        ("", 0),
        ('[channels.journal]\n[[route]]\nchannels = ["journal"]\n', 1),
        ('[channels.journal]\n[channels.sms]\nfrom = "+1"\nto = "+1"\naccount_sid = "A"\n', 0),
    ],
)
def test_routes_are_left_alone_where_they_say_nothing_new(before: str, routes: int) -> None:
    found = plan(SMS, {NOTIFIER: before})
    assert len(load_text(NotifierConfig, found.files[NOTIFIER], NOTIFIER, {}).route) == routes
    assert any("only channel" in row.detail for row in found.rows) == (not before)


def test_what_a_person_should_look_at_is_pointed_out() -> None:
    found = plan(
        "NOTIFICATION_AGGREGATION_WINDOW=${X:-60}\nMAX_STARTUP_RETRIES=1\nMAX_STARTUP_RETRIES=2\n"
        "OPENALGO_API_KEY=your_api_key_here\nOPENALGO_HOST=http://openalgo:5000\nPYTHONPATH=$PWD\n"
    )
    told = {row.line: (row.name, row.fate, row.detail) for row in found.rows}
    assert told[1][:2] == ("NOTIFICATION_AGGREGATION_WINDOW", Fate.BAD)
    assert told[2] == ("MAX_STARTUP_RETRIES", Fate.OFF, "it is said again in line 3, which counts")
    assert told[4][1] is Fate.BAD
    assert told[4][2].endswith("standfastctl secret set openalgo-api-key --agent openalgo")
    assert 'is "openalgo" a name on this host?' in told[5][2]
    assert told[6][:2] == ("PYTHONPATH", Fate.UNKNOWN)
    assert found.secrets == ()


@pytest.mark.parametrize(
    "address", ["127.0.0.1:5000", "http://localhost:5000", "https://algo.example.com", "http://[::1]:5"]
)
def test_an_address_that_is_one_anywhere_is_not_doubted(address: str) -> None:
    (row,) = plan(f"OPENALGO_HOST={address}").rows
    assert "name on this host" not in row.detail


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_that_everybody_may_read_is_pointed_out(
    mode: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = tmp_path / ".env"
    env.write_text("MAX_STARTUP_RETRIES=5\n")
    env.chmod(mode)
    assert main(["import-env", "--dry-run", str(env)]) == 0
    assert (f"chmod 600 {env}" in capsys.readouterr().out) == (mode == 0o644)


def test_a_file_in_json_stays_json() -> None:
    path = NOTIFIER.replace(".toml", ".json")
    found = make_plan(parse("TELEGRAM_CHAT_ID=1"), [Target(NotifierConfig, path, '{"host": "box"}')])
    assert json.loads(found.files[path]) == {"host": "box", "channels": {"telegram": {"chat_id": "1"}}}


@pytest.mark.parametrize("text", ["no toml", "aggregation_window_s = -1", "channels = { journal = {} }"])
def test_a_file_that_cannot_take_it_in_is_left_alone(text: str) -> None:
    with pytest.raises(EnvError, match="nothing was written"):
        plan("TELEGRAM_CHAT_ID=1", {NOTIFIER: text})


def test_what_is_written_is_toml_whatever_the_value() -> None:
    odd = 'a"b\\c#d'
    found = plan(f"TELEGRAM_CHAT_ID='{odd}'\nOPENALGO_HOST=http://h/#x")
    assert tomllib.loads(found.files[NOTIFIER])["channels"]["telegram"]["chat_id"] == odd
    assert tomllib.loads(found.files[AGENT])["openalgo"]["url"] == "http://h/#x"


@pytest.mark.parametrize("agent", ["openalgo", "bot"])
def test_a_trial_says_how_to_do_the_same_in_earnest(
    agent: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = tmp_path / ".env"
    env.write_text("MAX_STARTUP_RETRIES=5\n")
    assert main(["import-env", "--dry-run", "--agent", agent, str(env)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    words = last.partition("To do it: sudo standfastctl ")[2].split()
    assert words[-1] == str(env)
    assert words[1:-1] == ([] if agent == "openalgo" else ["--agent", agent])
