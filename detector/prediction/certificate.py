"""The certificate of a unit's web server, which expires. Pure."""

from standfast.detector.prediction.kind import Kind, its_unit, left_s
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.times import iso


def _what(prediction: Prediction) -> str:
    return f"the certificate of {prediction.about}"


def _words(prediction: Prediction, now: float) -> str:
    day = iso(prediction.ends_at or now)[:10]
    when = f"expires on {day}" if left_s(prediction, now) else f"expired on {day}"
    return f"{_what(prediction)} ({prediction.of}) {when}"


def _action(prediction: Prediction) -> str:
    return f"Renew the certificate, then systemctl reload {prediction.of}"


CERTIFICATE = Kind(Figure.CERTIFICATE, "CERTIFICATE_EXPIRING", its_unit, _words, _action)
