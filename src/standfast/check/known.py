"""The configurations of the detector and the notifier, as they are now, or as they were when they were last correct.

A daemon whose configuration was spoilt runs on with the old one, or does not start again; the check goes on either
way: above all it must still know the channels when the notifier did not start for that reason.
"""

import contextlib
import logging
import os
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from standfast import paths
from standfast.check import findings
from standfast.check.findings import Answer
from standfast.config import ConfigError, load
from standfast.detector.config import DetectorConfig
from standfast.notifier.config import NotifierConfig
from standfast.unit_names import DETECTOR, NOTIFIER

log = logging.getLogger(__name__)

T = TypeVar("T")

KEPT: Final = paths.STATE / "check/kept"
_SUFFIXES: Final = (".toml", ".json")


@dataclass(frozen=True, slots=True)
class Known:
    """Both configurations, and what is said of their files."""

    fleet: DetectorConfig
    notifier: NotifierConfig
    answers: tuple[Answer, ...]


def known(environ: Mapping[str, str] = os.environ) -> Known:
    """Both, whatever stands in the files."""
    fleet, about_fleet = _read(DetectorConfig, paths.DETECTOR_CONFIG, DETECTOR, environ)
    notifier, about_notifier = _read(NotifierConfig, paths.NOTIFIER_CONFIG, NOTIFIER, environ)
    return Known(fleet, replace(notifier, host=notifier.host or socket.gethostname()), (about_fleet, about_notifier))


def _read(shape: type[T], path: Path, unit: str, environ: Mapping[str, str]) -> tuple[T, Answer]:
    try:
        found = load(shape, path, environ)
    except ConfigError as error:
        return _last_correct(shape, path, environ), findings.configuration(path.name, unit, error.first_line)
    _keep(path)
    return found, findings.configuration(path.name, unit, "")


def _last_correct(shape: type[T], path: Path, environ: Mapping[str, str]) -> T:
    """With what the environment says, unless that is what is wrong: a channel may be named only there."""
    with contextlib.suppress(ConfigError):
        return load(shape, KEPT / path.name, environ)
    try:
        return load(shape, KEPT / path.name, {})
    except ConfigError as error:
        log.warning("There is no correct %s, not even an old one (%s): the defaults hold", path.name, error)
        return shape()


def _keep(path: Path) -> None:
    """A copy of the file as it is; the directory is the check's own, for an address may be a secret."""
    try:
        KEPT.mkdir(mode=0o700, exist_ok=True)
        for suffix in _SUFFIXES:
            source, copy = path.with_suffix(suffix), (KEPT / path.name).with_suffix(suffix)
            if source.exists():
                _copy(source, copy)
            else:
                copy.unlink(missing_ok=True)
    except OSError as error:
        log.warning("Cannot keep a copy of %s: %s", path, error.strerror)


def _copy(source: Path, copy: Path) -> None:
    """In one step, and only where it differs: half a copy would be worse than an old one."""
    if copy.exists() and copy.read_bytes() == source.read_bytes():
        return
    beside = copy.with_name(f".{copy.name}.new")
    shutil.copyfile(source, beside)
    os.replace(beside, copy)
