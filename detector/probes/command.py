"""Whether a command ends well; it runs inside the detector's own sandbox."""

import asyncio
import contextlib
import os
import signal
import tempfile

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.base import timed_out

SHOWN_OUTPUT = 400


class CommandProbe:
    """Runs a command without a shell; exit 0 is ok, its last output says why not."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    async def look(self) -> Finding:
        """Ok on exit 0; unknown when it cannot be run."""
        with tempfile.TemporaryFile() as output:
            try:
                child = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                return Finding(Outcome.UNKNOWN, f"cannot run {self._command[0]}: {error.strerror}")
            try:
                status = await child.wait()
            finally:
                # Its own children too: what a check leaves behind would pile up.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                if child.returncode is None:
                    await child.wait()
            said = _last_output(output.fileno())
        if status == 0:
            return Finding(Outcome.OK, said)
        ended = f"exit {status}" if status > 0 else f"killed by signal {-status}"
        return Finding(Outcome.FAIL, f"{ended}: {said}" if said else ended)

    def silence(self, timeout_s: float) -> Finding:
        """A command that hangs fails."""
        return timed_out(None, timeout_s)


def _last_output(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    text = os.pread(descriptor, SHOWN_OUTPUT, max(0, size - SHOWN_OUTPUT)).decode(errors="replace")
    return " ".join(text.split())
