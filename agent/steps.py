"""The steps of an orderly end and what became of each. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class StepName(StrEnum):
    """The steps, in their order."""

    CANCEL_ORDERS = "cancel_orders"
    CLOSE_POSITIONS = "close_positions"
    SAVE_STATE = "save_state"
    NOTIFY = "notify"
    DISCONNECT = "disconnect"


class Outcome(StrEnum):
    """How a step came out."""

    DONE = "done"
    FAILED = "failed"
    OVERRAN = "overran"
    NO_TIME = "no time left"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step."""

    name: StepName
    outcome: Outcome
    took_s: float
    detail: str

    def __str__(self) -> str:
        return f"{self.name} {self.outcome} in {self.took_s * 1000:.0f} ms: {self.detail}"
