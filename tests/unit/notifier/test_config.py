"""Every mistake in notifier.toml is one clear line."""

from pathlib import Path

import pytest
from tests.unit.notifier.events import config

from standfast.config import ConfigError, load_text
from standfast.notifier.channel_config import channels_from_table, channels_to_table
from standfast.notifier.config import NotifierConfig

SHIPPED = Path(__file__).parents[3] / "packaging/etc/standfast/notifier.toml"
WEBHOOK = '[channels.webhook]\nurl = "https://example.org/hook"\n'
SMS = '[channels.sms]\naccount_sid = "AC1"\nfrom = "+123456789"\nto = ["+491234567"]\n'


def test_the_shipped_file_holds_the_defaults() -> None:
    assert load_text(NotifierConfig, SHIPPED.read_text(), str(SHIPPED), {}) == NotifierConfig()


def test_the_examples_in_the_shipped_file_are_correct() -> None:
    lines = [line.removeprefix("#") if line.startswith("#") and line[1:2] not in (" ", "") else line
             for line in SHIPPED.read_text().splitlines()]  # fmt: skip
    found = load_text(NotifierConfig, "\n".join(lines), str(SHIPPED), {})
    assert all(getattr(found.channels, name) is not None for name in found.channels.names)
    assert found.route


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("[channels.carrier_pigeon]", "channels.carrier_pigeon", "a known key"),
        ("[channels.webhook]", "channels.webhook.url", "text in quotes, found nothing"),
        ('[channels.webhook]\nurl = "example.org"', "channels.webhook.url", "an http:// or https:// address"),
        ('[channels.webhook]\nurl = "http://"', "channels.webhook.url", "an http:// or https:// address"),
        ('[channels.webhook]\nurl = "http://a:b/"', "channels.webhook.url", "an http:// or https:// address"),
        ('[[route]]\nchannels = ["webhook"]', "route[1].channels[1]", "a channel that is configured (journal)"),
        (
            WEBHOOK + '[[route]]\nchannels = ["journal"]',
            "route[1].channels[1]",
            "a channel that is configured (webhook)",
        ),
        (
            WEBHOOK + '[[route]]\nchannels = ["webhook"]\nfallback = ["sms"]',
            "route[1].fallback[1]",
            "a channel that is configured (webhook)",
        ),
        ('[channels.telegram]\nchat_id = " "', "channels.telegram.chat_id", "the number of a chat"),
        (
            '[channels.sms]\naccount_sid = "X"\nfrom = "me"\nto = ["+491234567"]',
            "channels.sms.account_sid",
            'starts with "AC"',
        ),
        (
            '[channels.sms]\naccount_sid = "AC1"\nfrom = "me"\nto = ["0171"]',
            "channels.sms.to[1]",
            'a number such as "+4912345"',
        ),
        (
            '[channels.email]\nsmtp_url = "http://x"\nfrom = "a@b"\nto = ["c@d"]',
            "channels.email.smtp_url",
            "an smtp:// or smtps:// address",
        ),
        (
            '[channels.email]\nsmtp_url = "smtp://mail.example"\nfrom = "a@b"\nto = ["c@d"]\nuser = "me"',
            "channels.email.tls",
            '"required" where a password is sent to another host',
        ),
        (
            '[channels.email]\nsmtp_url = "smtp://x"\nfrom = "a@b"\nto = ["c d"]',
            "channels.email.to",
            'an address such as "me@example.org"',
        ),
        ("[[route]]\nchannels = []", "route[1].channels", "at least one channel"),
        ('[[route]]\nchannels = ["journal"]\nseverity = ["loud"]', "route[1].severity[1]", 'one of "info"'),
        ('timezone = "Mars/Phobos"', "timezone", "the name of a time zone"),
        ('timezone = "../../etc/passwd"', "timezone", "the name of a time zone"),
        ('aggregation_window_s = "soon"', "aggregation_window_s", "a duration"),
        ("[throttle_s]\nbrokre = 5", "throttle_s.brokre", 'did you mean "broker"?'),
        ('[channels]\nurl = "http://h"', "channels.url", 'found "url"; it belongs under [channels.webhook]'),
        (
            '[channels.webhook]\nurl = "http://h"\nurls = ["http://h"]',
            "channels.webhook.urls",
            'did you mean "url"? or it belongs under [channels.alertmanager] or under [channels.apprise]',
        ),
        ('[channels]\nchannels = ["sms"]', "channels.channels", 'found "channels"; it belongs under [[route]]'),
        ('[flapping]\nhost = "box1"', "flapping.host", "it belongs at the top of the file, above every [table]"),
        ("[channels.jornal]", "channels.jornal", 'did you mean "journal"?'),
        ('[[routes]]\nchannels = ["journal"]', "routes", 'did you mean "route"?'),
        ('[rout]\nchannels = ["journal"]', "rout", 'did you mean "route"?'),
        ('[route]\nchannels = ["journal"]', "route", "write [[route]], in double brackets"),
        ('[[route]]\nchannels = ["journal"]\nseverity = "info"', "severity", 'an array of "info", "warning"'),
    ],
)
def test_a_mistake_names_its_key_and_what_belongs_there(text: str, key: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert len(caught.value.mistakes) == 1
    assert key in caught.value.first_line
    assert expected in caught.value.first_line


def test_without_channels_messages_go_to_the_journal() -> None:
    assert config().channel_names == ("journal",)
    assert config(WEBHOOK).channel_names == ("webhook",)
    assert config(WEBHOOK + "[channels.journal]").channel_names == ("journal", "webhook")


def test_the_worker_gets_the_very_channels() -> None:
    channels = config(WEBHOOK + 'timeout_s = "3s"\n[channels.journal]\n' + SMS).channels
    assert channels_from_table(channels_to_table(channels)) == channels
