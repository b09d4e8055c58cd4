"""The certificate of a unit's web server, which expires. Pure."""

from standfast.detector.prediction.kind import Kind, its_unit, left_s
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.times import iso
from standfast.time_words import rough


def _what(prediction: Prediction) -> str:
    return f"the certificate of {prediction.about}"


def _words(prediction: Prediction, now: float) -> str:
    day = iso(prediction.ends_at or now)[:10]
    left = left_s(prediction, now)
    when = f"expires in {rough(left)}, on {day}" if left else f"expired on {day}"
    return f"{_what(prediction)} ({prediction.of}) {when}"


def _action(prediction: Prediction) -> str:
    return f"Renew the certificate, then systemctl reload {prediction.of}"


CERTIFICATE = Kind(Figure.CERTIFICATE, "CERTIFICATE_EXPIRING", its_unit, _words, _action)
