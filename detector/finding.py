"""What a probe found. Pure."""

from dataclasses import dataclass

from standfast.detector.model import Outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found; unknown when it could not look."""

    outcome: Outcome
    detail: str = ""
