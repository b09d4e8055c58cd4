"""The alphabet of text messages, GSM 03.38: what takes how many of the 160 places, what is written otherwise. Pure."""

import unicodedata
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€")
# What people and programs write often and what stands for it; everything else loses its accents or becomes "?".
_WRITTEN_AS: Final = {
    "\N{INDIAN RUPEE SIGN}": "Rs",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{GRAVE ACCENT}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{BULLET}": "*",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LEFTWARDS ARROW}": "<-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{DEGREE SIGN}": "deg",
    "\N{NO-BREAK SPACE}": " ",
    "\t": " ",
    "\N{LATIN SMALL LETTER L WITH STROKE}": "l",
    "\N{LATIN CAPITAL LETTER L WITH STROKE}": "L",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
}


def transliterate(text: str) -> str:
    """The text in the alphabet's characters."""
    return "".join(_written(char) for char in unicodedata.normalize("NFC", text))


def septets(text: str) -> int:
    """How many of the 160 places a text in this alphabet takes."""
    return sum(2 if char in _EXTENDED else 1 for char in text)


def _written(char: str) -> str:
    if char in _BASIC or char in _EXTENDED:
        return char
    if char in _WRITTEN_AS:
        return _WRITTEN_AS[char]
    plain = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    if plain and all(part in _BASIC or part in _EXTENDED for part in plain):
        return plain
    return "" if unicodedata.combining(char) else "?"
