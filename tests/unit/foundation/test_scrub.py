"""A secret is taken out of other programs' words in every form in which they may have seen it."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from standfast.scrub import scrubbed

SECRET = 'k/9+x y"Zé-7'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        *(base64.b64encode(b"\0user\0"[:length] + SECRET.encode()).decode() for length in range(7)),
        *(base64.urlsafe_b64encode(b"ab"[:length] + SECRET.encode() + b"tail").decode() for length in range(3)),
    ],
)
def test_every_form_is_taken_out(form: str) -> None:
    found = scrubbed(f"refused: <{form}> by the server", SECRET)
    assert found == "refused: <***> by the server"


def test_the_rest_stays() -> None:
    text = "An0rdinary+text/with_runs-of=letters and 0123456789abcdef"
    assert scrubbed(text, SECRET, "", "abc-not-there") == text


def test_a_short_secret_is_taken_out_as_it_is() -> None:
    assert scrubbed("pin 1234 in MTIzNA==", "1234") == "pin *** in MTIzNA=="
