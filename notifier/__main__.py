"""The notifier's process: builds its edges and runs the service."""

import sys

from standfast import daemon, paths
from standfast.daemon import Frame
from standfast.notifier import users
from standfast.notifier.service import Places, serve

IDENTIFIER = "standfast-notifier"


def main() -> int:
    """Run the notifier until systemd stops it; the exit status is for systemd."""
    return daemon.run(IDENTIFIER, _program)


async def _program(frame: Frame) -> None:
    places = Places(paths.NOTIFIER_CONFIG, paths.NOTIFIER_DATABASE, paths.NOTIFIER_STATUS, paths.DOORBELL)
    await serve(frame, places, lambda config: users.trust(config.listen_to_users))


if __name__ == "__main__":
    sys.exit(main())
