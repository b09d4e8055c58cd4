"""The keys of an agent: the shipped file says the defaults, and each mistake is one line."""

from pathlib import Path

import pytest

from standfast.agent.config import AgentConfig, Scope, SessionConfig
from standfast.config import ConfigError, load, load_text

REPOSITORY = Path(__file__).resolve().parents[3]
SHIPPED = REPOSITORY / "packaging/etc/standfast/agents/paper.toml"


def test_the_shipped_file_is_the_defaults() -> None:
    assert load(AgentConfig, SHIPPED, {}, required=True) == AgentConfig()


def test_the_commented_session_is_its_defaults() -> None:
    text = SHIPPED.read_text()
    session = text[text.index("#[session]") :].replace("#", "", 1).replace("\n#", "\n")
    assert load_text(AgentConfig, session, "x.toml", {}).session == SessionConfig()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('gateway = "kite"', 'x.toml:1: gateway: expected one of "paper", "openalgo", found "kite"'),
        ('strategy = "mybot"', 'x.toml:1: strategy: expected "module:Class", found "mybot"'),
        (
            "callback_timeout_s = 30",
            "callback_timeout_s: expected less than 30 (the unit's WatchdogSec), found 30",
        ),
        ("callback_timeout_s = 0", "at least 0.001"),
        ("symbols = []", 'x.toml:1: symbols: expected at least one symbol such as "NSE:SBIN", found []'),
        ('symbols = ["SBIN"]', 'x.toml:1: symbols[1]: expected a symbol such as "NSE:SBIN", found "SBIN"'),
        ("live = true", 'x.toml:1: live: expected false with gateway = "paper", found true'),
        ('[shutdown]\nscope = "all"', 'x.toml:2: shutdown.scope: expected one of "own", "account", found "all"'),
        ("[shutdown]\nbudget_s = { cancel_orders = 0 }", "at least 0.001"),
        ('[session]\ndays = "Mon-Fri"', 'x.toml:2: session.days: expected weekdays such as "Mon..Fri" or "Mon,Wed"'),
        ('[session]\ntimezone = "Mars"', "session.timezone: expected a time zone"),
        ('[session]\nstart = "9"', "session.start: expected a time"),
        ("[startup]\nmax_retrys = 3", 'did you mean "max_retries"?'),
        ('[openalgo]\nurl = "ftp://x"', "openalgo.url: expected a URL with http:// or https://"),
        ('[openalgo]\nurl = "http://127.0.0.1:port"', "openalgo.url: expected a URL with http:// or https://"),
        ('[openalgo]\nwebsocket_url = "ws://127.0.0.1:99999"', 'found "ws://127.0.0.1:99999"'),
        ('[openalgo]\nwebsocket_url = "http://x"', 'ws:// or wss://, or "" for no feed'),
    ],
)
def test_mistakes(text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(AgentConfig, text, "x.toml", {})
    assert len(caught.value.mistakes) == 1
    assert line in str(caught.value)


def test_parameters_are_taken_as_they_are() -> None:
    config = load_text(AgentConfig, '[parameters]\nfast = 5\nnames = ["a"]\n[parameters.deep]\nx = true', "x.toml", {})
    assert config.parameters == {"fast": 5, "names": ["a"], "deep": {"x": True}}


def test_the_environment_overrides() -> None:
    environ = {"STANDFAST_SHUTDOWN_SCOPE": "account", "STANDFAST_SHUTDOWN_BUDGET_S_NOTIFY": "1.5"}
    shutdown = load_text(AgentConfig, "", "x.toml", environ).shutdown
    assert (shutdown.scope, shutdown.budget_s.notify) == (Scope.ACCOUNT, 1.5)
