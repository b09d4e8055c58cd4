"""Keeps what must survive, and goes on without it where the disk does not let it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

from standfast.detector.mind import Mind
from standfast.detector.model import State
from standfast.detector.remembering import Remembered, to_plain
from standfast.detector.store import Ledger, Store, StoreError

log = logging.getLogger(__name__)


class Keeper:
    """The store, with its troubles told once and kept as a note for the status."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._store: Store | None = None
        self._trouble = ""
        self.cursor = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What cannot be kept at the moment."""
        return (self._trouble,) if self._trouble else ()

    def load(self) -> Ledger:
        """The ledger of earlier lives; empty where there is none."""
        try:
            self._store = Store(self._path)
            ledger = self._store.ledger()
        except StoreError as error:
            self._tell(error)
            return Ledger()
        self.cursor = ledger.cursor
        return ledger

    def remembered(self, boot: str, now: float) -> Remembered:
        """What the last life had counted."""
        try:
            kept = self._store.recall("state") if self._store is not None else None
            plain = json.loads(kept) if kept else None
        except (StoreError, ValueError) as error:
            log.warning("Starting without what was counted before: %s", error)
            plain = None
        return Remembered(plain, boot, now)

    def keep_ledger(self, state: State) -> None:
        """Save the ledger, durably."""
        self._try(lambda store: store.save_ledger(Ledger(state.runs, state.released_at, self.cursor)))

    def keep_counts(self, mind: Mind, boot: str, now: float, *, ended: bool = False) -> None:
        """Save what was counted and told, for a life after this one, which ends in order with it or goes on."""
        plain = to_plain(mind.state, mind.told, boot, now, ended=ended)
        self._try(lambda store: store.remember("state", plain))

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _try(self, write: Callable[[Store], None]) -> None:
        try:
            if self._store is None:
                self._store = Store(self._path)
            write(self._store)
        except StoreError as error:
            self._tell(error)
        else:
            if self._trouble:
                log.info("What must survive a restart is kept again")
            self._trouble = ""

    def _tell(self, error: StoreError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            log.error("%s; until then what must survive a restart does not", error)
