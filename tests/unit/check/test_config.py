"""check.toml: the shipped file is the defaults, and every mistake is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from standfast.check.config import CheckConfig
from standfast.config import ConfigError, load, load_text

SHIPPED = Path(__file__).parents[3] / "packaging/etc/standfast"


def read(text: str) -> CheckConfig:
    return load_text(CheckConfig, text, "check.toml", {})


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(CheckConfig, SHIPPED / "check.toml", {}, required=True) == CheckConfig()


@pytest.mark.parametrize(("share", "lowest"), [("5%", 0.05), ("0%", 0.0), ("100%", 1.0), (" 2.5 % ", 0.025)])
def test_a_share(share: str, lowest: float) -> None:
    assert read(f'[disk]\nwarn_below = "{share}"').disk.lowest_share == pytest.approx(lowest)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[disk]\nwarn_below = "5"', 'expected a share of the disk, like "5%"'),
        ('[disk]\nwarn_below = "x%"', "expected a share of the disk"),
        ('[disk]\nwarn_below = "101%"', "expected a share of the disk"),
        ('canary_timeout_s = "1min"', "canary_timeout_s: expected at most 40 s"),
        ("database_timeout_s = 41", "database_timeout_s: expected at most 40 s"),
        ("look_again_after_s = 41", "look_again_after_s: expected at most 40 s"),
        ("[deadman]\ntimeout_s = 16", "deadman.timeout_s: expected at most 15 s"),
        ('[deadman]\nurl = "ftp://example.org/ping-7f3a"', "deadman.url: expected an http:// or https:// address"),
        ('[deadman]\nurl = "https:///ping-7f3a"', "deadman.url: expected an http:// or https:// address"),
        ('[deadman]\nuri = "https://example.org/ping-7f3a"', 'did you mean "url"?'),
    ],
)
def test_a_mistake_is_one_line_and_shows_no_address(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(text)
    (mistake,) = error.value.mistakes
    assert words in str(mistake)
    assert "ping-7f3a" not in str(mistake)
