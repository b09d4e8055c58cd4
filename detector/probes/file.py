"""Whether a file is there, is readable, parses, and is not too old."""

import json
import os
import stat
import time
import tomllib
from pathlib import Path

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.aside import Aside
from standfast.detector.probes.base import BROKEN, HANGING, is_hindered, missing
from standfast.time_words import span

# A file that is larger is only looked at, not parsed: parsing it would cost more than the check is worth.
PARSE_LIMIT = 16 * 1024 * 1024


class FileProbe:
    """Reads a file; JSON and TOML must parse."""

    def __init__(self, path: str, max_age_s: float = 0.0) -> None:
        self._path = Path(path)
        self._max_age_s = max_age_s
        self._aside = Aside(self.look_now, HANGING, BROKEN)

    async def look(self) -> Finding:
        """Ok when the file is as it should be; unknown when the detector itself may not see it."""
        return await self._aside.run()

    def silence(self, timeout_s: float) -> Finding:
        """Its disk is slow or gone, or it is large: that says nothing of it."""
        return Finding(Outcome.UNKNOWN, f"not read within {timeout_s:g} s")

    def look_now(self) -> Finding:
        """The same, at once."""
        try:
            return self._look()
        except PermissionError:
            return Finding(Outcome.UNKNOWN, "the detector may not read it")
        except (FileNotFoundError, NotADirectoryError):
            return missing(self._path)
        except OSError as error:
            return Finding(Outcome.UNKNOWN if is_hindered(error) else Outcome.FAIL, error.strerror or str(error))
        except UnicodeDecodeError:
            return Finding(Outcome.FAIL, f"not {self._path.suffix[1:].upper()}: bytes that are not UTF-8")
        except (ValueError, RecursionError) as error:
            return Finding(Outcome.FAIL, f"not {self._path.suffix[1:].upper()}: {error}")

    def _look(self) -> Finding:
        # O_NOATIME would need ownership; a pipe in the file's place must not hang the check.
        with open(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return Finding(Outcome.FAIL, "not a regular file")
            age_s = time.time() - found.st_mtime
            if self._max_age_s and age_s > self._max_age_s:
                return Finding(Outcome.FAIL, f"last written {span(age_s)} ago")
            if found.st_size <= PARSE_LIMIT:
                self._parse(file.read())
        return Finding(Outcome.OK, f"{found.st_size} bytes")

    def _parse(self, content: bytes) -> None:
        if self._path.suffix == ".json":
            json.loads(content)
        elif self._path.suffix == ".toml":
            tomllib.loads(content.decode())
