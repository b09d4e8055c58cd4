"""Files and databases that the detector is to look at: it must be able to see them. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong
from standfast.detector.check_tables import FileCheck, SqliteCheck, SqliteDatabase
from standfast.detector.config import DetectorConfig
from standfast.unit_names import DETECTOR


def findings(facts: Facts) -> Iterator[Finding]:
    """Those that are missing, and those that are hidden from it, which it takes for unknown and never for failing."""
    for what, path in paths(facts.detector) if facts.detector else ():
        file = facts.files.get(path)
        if file is None:
            continue
        if file.obstacle:
            move = f"put it where the unit may look, such as /srv; or BindReadOnlyPaths= by systemctl edit {DETECTOR}"
            open_it = "let the user standfast read it: setfacl, or a group"
            step = move if file.is_hidden else open_it
            yield wrong(f"{what} {path} cannot be seen by the detector: {file.obstacle}", step)
        elif not file.exists:
            yield wrong(f"{what} {path} is missing", "create it, or correct its path in detector.toml")


def paths(config: DetectorConfig) -> Iterator[tuple[str, str]]:
    """What the detector looks at, in words, and where it is."""
    for path in config.critical_files:
        yield "the critical file", path
    for database in config.database:
        if isinstance(database, SqliteDatabase):
            yield f"the database {database.name}", database.path
    for watch in config.watch:
        for check in watch.check:
            if isinstance(check, FileCheck | SqliteCheck):
                yield f"the file of a check of {watch.unit},", check.path
