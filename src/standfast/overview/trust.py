"""Whose events are shown: those of whom the notifier listens to."""

from collections.abc import Mapping

from standfast import paths
from standfast.config import ConfigError, load
from standfast.notifier.authorise import Trust
from standfast.notifier.users import trust


def trusted(environ: Mapping[str, str]) -> Trust:
    """Whom the notifier listens to; with a configuration that cannot be read, none besides Standfast and operators."""
    # Imported late: it would delay the first answer of the status service by ten milliseconds.
    from standfast.notifier.config import NotifierConfig

    try:
        return trust(load(NotifierConfig, paths.NOTIFIER_CONFIG, environ).listen_to_users)
    except ConfigError:
        return trust(())
