"""A machine on which everything with a secret meets what refuses it and repeats it; and the search for what got out."""

from __future__ import annotations

import json

from tests.system.machine import Machine
from tests.system.tree import REPOSITORY

HTTP, SMTP, POSTGRESQL = 5000, 2525, 5433
SCAN = "/srv/scan.py"
AGENT, NOTIFIER = "standfast-agent@algo.service", "standfast-notifier.service"
# With characters that are written otherwise in URLs, so that each form is looked for.
KEY, PASSWORD, SIGNING = "sf-key/7Qz+one", "sf-mail/8Rx+two", "sf-sign/9Sy+three"
TELEGRAM, TWILIO, ORDERS = "7654321:sf-tele-1Kx-four", "sf-twil/2Ly+five", "sf-post/3Mz+six"
APPRISE_PASSWORD, APPRISE_TOKEN = "sf-appr-4Na-seven", "sf-appr-5Ob-eight"
STORED = {
    "openalgo-api-key": KEY,
    "smtp-password": PASSWORD,
    "webhook-secret": SIGNING,
    "telegram-bot-token": TELEGRAM,
    "twilio-auth-token": TWILIO,
    "postgresql-password": ORDERS,
    "apprise-urls": f"json://me:{APPRISE_PASSWORD}@127.0.0.1:{HTTP}/{APPRISE_TOKEN}",
}
# These stand in the configuration, where their owner wrote them: in addresses.
HOOK, BASIC, PROBE, DEADMAN = "sf-hook-4Tw-token", "sf-basic-5Uv-pass", "sf-probe-6Vu-token", "sf-dead-3Xw-token"
SECRETS = (*STORED.values(), APPRISE_PASSWORD, APPRISE_TOKEN, HOOK, BASIC, PROBE, DEADMAN)
CHANNELS = ("webhook", "alertmanager", "email", "telegram", "sms", "apprise")
CREDENTIALS = "/etc/standfast/credentials"
# And in the copies that the check keeps of what was right last, for its own eyes.
KEPT = "/var/lib/standfast/check/kept"
FILES = ("notifier.toml", "detector.toml", "check.toml")
CONFIGURED = tuple(f"{place}/{file}" for place in ("/etc/standfast", KEPT) for file in FILES)

NOTIFIER_TOML = f"""
aggregation_window_s = 0
[channels.journal]
[channels.webhook]
url = "http://127.0.0.1:{HTTP}/services/{HOOK}?key={HOOK}"
timeout_s = 0.3
[channels.alertmanager]
urls = ["http://me:{BASIC}@127.0.0.1:{HTTP}/am"]
timeout_s = 0.3
[channels.email]
smtp_url = "smtp://127.0.0.1:{SMTP}"
from = "a@example.org"
to = ["b@example.org"]
user = "mailer"
timeout_s = 1
[channels.telegram]
chat_id = "123"
api_url = "http://127.0.0.1:{HTTP}"
timeout_s = 0.3
[channels.sms]
account_sid = "AC0123456789abcdef0123456789abcdef"
from = "+15005550006"
to = ["+491701234567"]
api_url = "http://127.0.0.1:{HTTP}"
timeout_s = 0.3
[channels.apprise]
timeout_s = 0.3
"""
DETECTOR_TOML = f"""
check_interval_s = 1
clock_grace_s = 0
[[watch]]
unit = "scolds.service"
[[watch.check]]
kind = "http"
url = "http://me:{PROBE}@127.0.0.1:{HTTP}/health?token={PROBE}"
interval_s = 1
[[watch]]
unit = "standfast-agent@*.service"
[[database]]
kind = "postgresql"
name = "orders"
host = "127.0.0.1"
port = {POSTGRESQL}
database = "orders"
password_credential = "postgresql-password"
interval_s = 1
"""
CHECK_TOML = f"""
canary_timeout_s = 5
[deadman]
url = "http://127.0.0.1:{HTTP}/ping/{DEADMAN}"
timeout_s = 0.3
"""
AGENT_TOML = """
gateway = "openalgo"
[openalgo]
request_timeout_s = 0.3
[startup]
retry_delay_base_s = 0.2
confirm_delay_s = 0.2
[waiting]
check_interval_s = 0.3
error_recheck_s = 0.3
"""


def scold(machine: Machine) -> None:
    """Everything with a secret has met everything that refuses it and repeats it."""
    machine.write(SCAN, (REPOSITORY / "tests/system/inside_scan.py").read_bytes())
    machine.write("/srv/scolds/scolds.py", (REPOSITORY / "tests/fakes/scolds.py").read_bytes())
    _configure(machine, "http://")
    machine.write("/etc/standfast/agents/algo.toml", AGENT_TOML)
    for name, secret in STORED.items():
        machine.run(["standfastctl", "secret", "set", name], stdin=f"{secret}\n")
    _refused_connections(machine)
    machine.write("/srv/scolds/mode", "403")
    machine.run(f"systemd-run --quiet --unit=scolds python3 /srv/scolds/scolds.py {HTTP} {SMTP} {POSTGRESQL}")
    for mode in ("403", "500", "hang"):
        _refused(machine, mode)
        if mode == "403":
            machine.run("systemctl start standfast-check.service", check=False)
    _mistaken(machine)


def _configure(machine: Machine, scheme: str) -> None:
    for file, text in zip(FILES, (NOTIFIER_TOML, DETECTOR_TOML, CHECK_TOML), strict=True):
        machine.write(f"/etc/standfast/{file}", text.replace("http://", scheme))


def _mistaken(machine: Machine) -> None:
    """A slip in each address: the mistake is told, the address is not."""
    since = machine.cursor()
    _configure(machine, "htp://")
    machine.run(["systemctl", "reload", NOTIFIER, "standfast-detector"], check=False)
    machine.run("systemctl start standfast-check.service; standfastctl check-config", check=False)
    for unit in (NOTIFIER, "standfast-detector.service"):
        machine.wait_journal(lambda entry: "htp://127.0.0.1" in entry["MESSAGE"], since=since, _SYSTEMD_UNIT=unit)
    _configure(machine, "http://")
    machine.run(["systemctl", "reload", NOTIFIER, "standfast-detector"])


def _refused_connections(machine: Machine) -> None:
    """Nobody listens: the exceptions of the libraries carry the address."""
    machine.run(["systemctl", "restart", NOTIFIER, "standfast-detector", AGENT])
    machine.wait_journal(STANDFAST_UNIT=AGENT, STANDFAST_TYPE="OPENALGO_DOWN", STANDFAST_EVENT="problem")
    for channel in CHANNELS:
        machine.wait_journal(STANDFAST_CHANNEL=channel)


def _refused(machine: Machine, mode: str) -> None:
    """Somebody listens, refuses, and says again what it was told."""
    since = machine.cursor()
    machine.write("/srv/scolds/mode", mode)
    # A start of its own, so that what waits for its backoff is tried now.
    machine.run(["systemctl", "restart", NOTIFIER, AGENT])
    raised = f"MESSAGE=mode {mode}\nPRIORITY=2\nSTANDFAST=1\nSTANDFAST_EVENT=problem\nSTANDFAST_SEVERITY=critical\n"
    machine.run("logger --journald", stdin=f"{raised}STANDFAST_TYPE=MODE_{mode.upper()}\n")
    for channel in CHANNELS:
        machine.wait_journal(since=since, STANDFAST_CHANNEL=channel)
    machine.wait_journal(
        lambda entry: "HEALTH-CHECK" in entry["MESSAGE"], since=since, SYSLOG_IDENTIFIER="standfast-agent"
    )


def seen(machine: Machine, *others: str) -> list[tuple[str, str]]:
    """Where which secret is to be seen, apart from where it belongs."""
    secrets = json.dumps([*SECRETS, *others])
    found = json.loads(machine.run(f"python3 {SCAN}", stdin=secrets, timeout_s=120).stdout)
    return [(place, secret) for place, secret in found if place not in CONFIGURED]
