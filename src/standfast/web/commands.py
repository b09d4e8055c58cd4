"""The commands in a sentence for people, found so that a page can show them ready to be copied. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# A word of a command. Where it may also be one of the sentence it is told by a sign or a digit in it.
_WORD: Final = r"[\w@.\\:/=*-]+"
_NAME: Final = rf"(?=[\w-]*[@.\\:/=*_\d-]){_WORD}"
_OPTION: Final = rf"(?:-[a-z]|--[a-z-]+)(?: (?!-){_WORD})?"
_BEGIN: Final = "|".join(
    (
        rf"systemctl (?:status|start|stop|(?:reload-or-)?restart|reload|reset-failed|edit|enable|disable) {_WORD}",
        rf"standfastctl (?:pause|resume|kill) {_WORD}",
        rf"standfastctl secret [a-z]+ {_WORD}",
        r"standfastctl [a-z-]+",
        rf"journalctl (?:{_OPTION}|{_NAME})",
    )
)
_COMMAND: Final = re.compile(rf"\b(?:{_BEGIN})(?: (?:{_OPTION}|{_NAME}))*")
_NO_PART: Final = ".:"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence."""

    text: str
    is_command: bool = False


def pieces(sentence: str) -> Iterator[Piece]:
    """The sentence in parts, commands and what stands between them."""
    at = 0
    for found in _COMMAND.finditer(sentence):
        command = found[0].rstrip(_NO_PART)
        yield Piece(sentence[at : found.start()])
        yield Piece(command, is_command=True)
        at = found.start() + len(command)
    yield Piece(sentence[at:])
