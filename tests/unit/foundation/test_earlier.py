"""The earlier systems' variables are understood as they were; their secrets are not read, only pointed out."""

import pytest

from standfast.agent.config import AgentConfig
from standfast.config import ConfigError, load_text, secrets_in
from standfast.config.earlier import Form, Plain, Secret, names_of
from standfast.config.environment import variables
from standfast.notifier.channel_config import TelegramConfig
from standfast.notifier.config import NotifierConfig

# The names that users of the earlier systems have in their files.
NAMES = {
    *("MAX_STARTUP_RETRIES", "STARTUP_RETRY_DELAY_BASE", "NOTIFICATION_THROTTLE_STARTUP"),
    *("NOTIFICATION_THROTTLE_WEBSOCKET", "NOTIFICATION_THROTTLE_BROKER", "NOTIFICATION_THROTTLE_DATABASE"),
    *("NOTIFICATION_AGGREGATION_WINDOW", "WAITING_MODE_CHECK_INTERVAL", "WAITING_MODE_SEND_HOURLY_STATUS"),
    *("SHUTDOWN_TIMEOUT", "SHUTDOWN_FORCE_MARKET_ORDERS", "OPENALGO_API_KEY", "OPENALGO_HOST", "OPENALGO_WS_URL"),
    *("TELEGRAM_ENABLED", "SMS_ENABLED", "SMS_PHONE_NUMBER", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
    *("TWILIO_FROM_NUMBER", "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"),
}
SECRETS = {"OPENALGO_API_KEY", "TWILIO_AUTH_TOKEN", "TELEGRAM_BOT_TOKEN"}
SHAPES = (AgentConfig, NotifierConfig)
SMS = """
[channels.sms]
account_sid = "AC1"
from = "+15005550006"
to = ["+15005550001"]
"""


def agent(text: str = "", **environ: str) -> AgentConfig:
    return load_text(AgentConfig, text, "paper.toml", environ)


def notifier(text: str = "", **environ: str) -> NotifierConfig:
    return load_text(NotifierConfig, text, "notifier.toml", environ)


def test_every_name_is_somebodys() -> None:
    known = [name for shape in SHAPES for name in names_of(shape)]
    assert {name.variable for name in known} == NAMES
    assert {name.variable for name in known if isinstance(name, Secret)} == SECRETS
    assert len(known) == len(NAMES)


def test_an_agents_names() -> None:
    found = agent(
        "[waiting]\nhourly_status = true\n",
        MAX_STARTUP_RETRIES="5",
        STARTUP_RETRY_DELAY_BASE="20",
        WAITING_MODE_CHECK_INTERVAL="120",
        WAITING_MODE_SEND_HOURLY_STATUS="False",
        SHUTDOWN_TIMEOUT="8",
        SHUTDOWN_FORCE_MARKET_ORDERS="false",
        OPENALGO_HOST="10.0.0.5:5000",
        OPENALGO_WS_URL="wss://algo.example/ws",
    )
    assert (found.startup.max_retries, found.startup.retry_delay_base_s) == (5, 20.0)
    assert (found.waiting.check_interval_s, found.waiting.hourly_status) == (120.0, False)
    assert (found.shutdown.timeout_s, found.shutdown.force_market_orders) == (8.0, False)
    assert (found.openalgo.url, found.openalgo.websocket_url) == ("http://10.0.0.5:5000", "wss://algo.example/ws")


def test_the_notifiers_names() -> None:
    found = notifier(
        "aggregation_window_s = 60",
        NOTIFICATION_THROTTLE_STARTUP="1",
        NOTIFICATION_THROTTLE_WEBSOCKET="2",
        NOTIFICATION_THROTTLE_BROKER="3",
        NOTIFICATION_THROTTLE_DATABASE="4",
        NOTIFICATION_AGGREGATION_WINDOW="30",
        TELEGRAM_ENABLED="true",
        TELEGRAM_CHAT_ID="-100123",
        SMS_ENABLED="true",
        SMS_PHONE_NUMBER="+15005550001, +15005550002",
        TWILIO_ACCOUNT_SID="AC2",
        TWILIO_FROM_NUMBER="+15005550006",
    )
    throttle = found.throttle_s
    assert (throttle.startup, throttle.websocket, throttle.broker, throttle.database) == (1, 2, 3, 4)
    assert found.aggregation_window_s == 30
    assert found.channels.telegram == TelegramConfig("-100123")
    assert found.channels.sms is not None
    assert found.channels.sms.to == ("+15005550001", "+15005550002")
    assert (found.channels.sms.account_sid, found.channels.sms.sender) == ("AC2", "+15005550006")


def test_a_channel_that_is_switched_off_is_off_whatever_else_is_said() -> None:
    found = notifier(SMS, SMS_ENABLED="false", SMS_PHONE_NUMBER="+15005550002", TELEGRAM_ENABLED="false")
    assert found.channels.names == ("journal",)


def test_a_switch_leaves_the_files_table_as_it_is() -> None:
    assert notifier(SMS, SMS_ENABLED="true") == notifier(SMS)


def test_standfasts_own_name_comes_first_and_an_empty_one_says_nothing() -> None:
    found = agent(SHUTDOWN_TIMEOUT="5", STANDFAST_SHUTDOWN_TIMEOUT_S="7", MAX_STARTUP_RETRIES="", OPENALGO_HOST=" ")
    assert found.shutdown.timeout_s == 7
    assert found == agent(STANDFAST_SHUTDOWN_TIMEOUT_S="7")


@pytest.mark.parametrize(
    ("variable", "text", "line"),
    [
        (
            "SMS_ENABLED",
            "perhaps",
            'environment variable SMS_ENABLED: channels.sms: expected true or false, found "perhaps"',
        ),
        (
            "NOTIFICATION_THROTTLE_BROKER",
            "soon",
            "environment variable NOTIFICATION_THROTTLE_BROKER: throttle_s.broker: expected a duration "
            '(seconds, or text like "90s", "5min", "2h"), found "soon"',
        ),
        (
            "SMS_PHONE_NUMBER",
            "12",
            "environment variable SMS_PHONE_NUMBER: channels.sms.to[1]: expected a number such as "
            '"+4912345", found "12"',
        ),
        (
            "TELEGRAM_ENABLED",
            "true",
            "environment variable TELEGRAM_ENABLED: channels.telegram.chat_id: expected text in quotes, found nothing; "
            "this key has no default",
        ),
    ],
)
def test_a_mistake_names_the_variable(variable: str, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        notifier(SMS, **{variable: text})
    assert [str(mistake) for mistake in caught.value.mistakes] == [line]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_is_not_read_but_named_without_its_value(shape: type[AgentConfig | NotifierConfig]) -> None:
    environ = dict.fromkeys(SECRETS, "hush-hush")
    lines = list(secrets_in(shape, environ))
    mine = [name for name in names_of(shape) if isinstance(name, Secret)]
    assert [line.split(": ")[0] for line in lines] == [f"environment variable {name.variable}" for name in mine]
    for name, line in zip(mine, lines, strict=True):
        assert "standfastctl import-env FILE" in line
        assert f"secret set {name.credential}" in line
        assert "hush" not in line
    assert "hush" not in repr(load_text(shape, "", "x.toml", environ))


def test_every_plain_name_leads_to_a_key_that_there_is() -> None:
    for shape in SHAPES:
        keys = {key for key, _, _ in variables(shape)}
        tables = {key.rpartition(".")[0] for key in keys}
        for name in names_of(shape):
            if isinstance(name, Plain):
                assert name.key in (tables if name.form is Form.SWITCH else keys)
