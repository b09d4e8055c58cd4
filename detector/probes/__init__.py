"""Health checks beside systemd's own state: one kind of probe per file, registered here."""

from standfast.detector.check_tables import (
    Check,
    Database,
    ExecCheck,
    FileCheck,
    HttpCheck,
    PostgresqlCheck,
    SqliteCheck,
    TcpCheck,
)
from standfast.detector.finding import Finding
from standfast.detector.probes.base import Probe
from standfast.detector.probes.command import CommandProbe
from standfast.detector.probes.file import FileProbe
from standfast.detector.probes.http import HttpProbe
from standfast.detector.probes.postgresql import PostgresqlProbe
from standfast.detector.probes.sqlite import SqliteProbe
from standfast.detector.probes.tcp import TcpProbe

__all__ = ["Finding", "Probe", "probe_for"]


def probe_for(check: Check | Database) -> Probe:
    """The probe that carries out a check table."""
    match check:
        case HttpCheck():
            return HttpProbe(check)
        case TcpCheck():
            return TcpProbe(check.host, check.port)
        case ExecCheck():
            return CommandProbe(check.command)
        case FileCheck():
            return FileProbe(check.path, check.max_age_s)
        case SqliteCheck():
            return SqliteProbe(check.path, check.timeout_s)
        case PostgresqlCheck():
            return PostgresqlProbe(check)
