"""What a probe found. Pure."""

from dataclasses import dataclass

from standfast.detector.model import Outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found; unknown when it could not look.

    Attributes:
        expires_at: until when what it found holds, in seconds since 1970: a server's certificate.
    """

    outcome: Outcome
    detail: str = ""
    expires_at: float | None = None
