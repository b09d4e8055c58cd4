"""Who can be connected to: the name is looked up and a connection opened, nothing is said."""

import socket
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from standfast.agent.config import AgentConfig
from standfast.check.config import CheckConfig
from standfast.clock import monotonic_s
from standfast.ctl.doctor.facts import Reach, Unit
from standfast.detector.check_tables import HttpCheck, PostgresqlDatabase, TcpCheck
from standfast.detector.config import DetectorConfig
from standfast.notifier.config import NotifierConfig

CONNECT_S: Final = 3.0
# A resolver that is away takes its time; nobody waits longer than this for all of it.
TOTAL_S: Final = 6.0
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443, "smtp": 25, "smtps": 465}

_GATEWAY: Final = "the OpenAlgo of agent "
_FEED: Final = "the feed of agent "

Place = tuple[str, str, int]


def places(
    notifier: NotifierConfig | None,
    check: CheckConfig | None,
    agents: Mapping[str, AgentConfig],
    detector: DetectorConfig | None,
    watched: Mapping[str, Unit],
) -> Iterator[Place]:
    """What is spoken to: in words, and its host and port."""
    if notifier is not None:
        yield from _channels(notifier)
    if check is not None:
        yield from _url("the dead-man's switch", check.deadman.url)
    for name, config in agents.items():
        if config.gateway == "openalgo":
            yield from _url(_GATEWAY + name, config.openalgo.url)
            yield from _url(_FEED + name, config.openalgo.websocket_url)
    if detector is not None:
        yield from _probes(detector, watched)


def _probes(detector: DetectorConfig, watched: Mapping[str, Unit]) -> Iterator[Place]:
    """Databases, and the checks of units that run: what is down on purpose need not answer."""
    for database in detector.database:
        if isinstance(database, PostgresqlDatabase) and not database.host.startswith("/"):
            yield f"the database {database.name}", database.host, database.port
    running = [watch for watch in detector.watch if watched.get(watch.unit, Unit(watch.unit)).is_active]
    for watch, check in ((one, check) for one in running for check in one.check):
        if isinstance(check, TcpCheck):
            yield f"the port that a check of {watch.unit} knocks at", check.host, check.port
        elif isinstance(check, HttpCheck):
            yield from _url(f"the address that a check of {watch.unit} asks", check.url)


def _channels(config: NotifierConfig) -> Iterator[Place]:
    channels = config.channels
    named = (
        ("webhook", channels.webhook.url if channels.webhook else ""),
        ("telegram", channels.telegram.api_url if channels.telegram else ""),
        ("sms", channels.sms.api_url if channels.sms else ""),
        ("email", channels.email.smtp_url if channels.email else ""),
        *(("alertmanager", url) for url in (channels.alertmanager.urls if channels.alertmanager else ())),
    )
    for name, url in named:
        if url:
            yield from _url(f"the channel {name}", url)


def _url(what: str, url: str) -> Iterator[Place]:
    """Host and port alone: the rest of an address may be a secret."""
    parts = urlsplit(url)
    if parts.hostname:
        yield what, parts.hostname, parts.port or _PORTS.get(parts.scheme, 80)


def reached(wanted: list[Place], idle: Collection[str] = ()) -> tuple[Reach, ...]:
    """Try all of them at once; what only an idle agent speaks to is not needed now."""
    unneeded = {f"{what}{agent}" for what in (_GATEWAY, _FEED) for agent in idle}
    troubles = ["no answer in time" for _ in wanted]

    def attempt(index: int, host: str, port: int) -> None:
        troubles[index] = _trouble(host, port)

    # Not a pool: a look-up that hangs must not hold up the end of the command.
    threads = [
        threading.Thread(target=attempt, args=(index, host, port), daemon=True)
        for index, (_, host, port) in enumerate(wanted)
    ]
    for thread in threads:
        thread.start()
    deadline_s = monotonic_s() + TOTAL_S
    for thread in threads:
        thread.join(max(0.0, deadline_s - monotonic_s()))
    return tuple(
        Reach(what, f"{host}:{port}", trouble, what not in unneeded)
        for (what, host, port), trouble in zip(wanted, troubles, strict=True)
    )


def _trouble(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), CONNECT_S):
            return ""
    except TimeoutError:
        return "no answer in time"
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return reason or str(error)
