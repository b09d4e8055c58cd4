"""standfast-detector: sees a cascading failure over D-Bus and asks for a master restart."""

import os

from standfast import paths
from standfast.config import load
from standfast.daemon import Frame, run
from standfast.detector.config import DetectorConfig
from standfast.detector.service import Detector
from standfast.systemd1 import Systemd1


def _read_config() -> DetectorConfig:
    return load(DetectorConfig, paths.DETECTOR_CONFIG, os.environ)


async def _program(frame: Frame) -> None:
    detector = Detector(
        frame=frame,
        config=_read_config(),
        read_config=_read_config,
        connect=Systemd1.connect,
        database=paths.DETECTOR_DATABASE,
        status_path=paths.DETECTOR_STATUS,
        installed=paths.INSTALLED,
    )
    await detector.run()


def main() -> int:
    """Run the detector until systemd stops it; the exit status is for systemd."""
    return run("standfast-detector", _program)


if __name__ == "__main__":
    raise SystemExit(main())
