"""A name server that never answers: every channel, with its real library, ends its attempt in time all the same."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.notifier.name_server import SilentNameServer
from tests.unit.notifier.provider_servers import SID, TOKEN

REPOSITORY = Path(__file__).parents[3]
CHANNELS = ("telegram", "sms", "email", "webhook", "alertmanager", "apprise")
_START = 'test -e /etc/resolv.conf || touch /etc/resolv.conf; mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
_DELIVER = """
import json, os, sys, threading, warnings
warnings.simplefilter("ignore")
from standfast.notifier.channel_config import channels_from_table
from standfast.notifier.channels import build
from standfast.notifier.worker.bounded import Bounded
channels = channels_from_table(json.loads(sys.argv[1]))
body = {"id": "a1", "kind": "problem", "host": "box1", "severity": "critical", "title": "t", "text": "x",
        "at": "2026-03-02T09:30:00.000+00:00", "events": []}
answers = {}
def attempt(name, channel):
    answers[name] = Bounded(name, lambda: channel, limit_s=1.0).deliver(body).outcome.name
built = {name: build(name, channels) for name in channels.names}
threads = [threading.Thread(target=attempt, args=item) for item in built.items()]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(answers), flush=True)
os._exit(0)
"""


@pytest.fixture
def silent() -> Iterator[SilentNameServer]:
    if os.geteuid() != 0:
        pytest.skip("a name server of one's own needs root")
    for library in ("telegram", "twilio", "apprise"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    with SilentNameServer() as found:
        yield found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning", "ignore::UserWarning")
def test_every_channel_ends_its_attempt(silent: SilentNameServer, tmp_path: Path) -> None:
    # The library's own patience is far longer than ours.
    silent.write_resolv_conf(tmp_path / "resolv.conf", "options timeout:30 attempts:1")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "urls").write_text("json://apprise.example.org/\n")
    secret = str(tmp_path / "token")
    table: dict[str, dict[str, object]] = {
        "telegram": {"chat_id": "42", "bot_token_file": secret, "api_url": "http://telegram.example.org"},
        "sms": {"account_sid": SID, "from": "+15005550006", "to": ["+491234567"], "auth_token_file": secret,
                "api_url": "http://sms.example.org"},
        "email": {"smtp_url": "smtp://email.example.org", "from": "standfast@box1", "to": ["me@example.org"]},
        "webhook": {"url": "http://webhook.example.org/"},
        "alertmanager": {"urls": ["http://alertmanager.example.org"]},
        "apprise": {"urls_file": str(tmp_path / "urls")},
    }  # fmt: skip
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", _START, "sh", str(tmp_path / "resolv.conf"),
         sys.executable, "-c", _DELIVER, json.dumps({name: {**one, "timeout_s": 0.3} for name, one in table.items()})],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == dict.fromkeys(CHANNELS, "RETRY")
    unasked = [name for name in CHANNELS if name.encode() + b"\x07example" not in silent.asked]
    assert unasked == [], "it must be the name server that they wait for"
