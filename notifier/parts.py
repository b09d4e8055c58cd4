"""Splitting a long text into parts that a provider takes: at line ends, else between words, else anywhere. Pure."""

from collections.abc import Callable, Iterator

Measure = Callable[[str], int]


def split(text: str, limit: int, measure: Measure = len) -> list[str]:
    """The text in parts of at most `limit` as `measure` counts; nothing but white space at the cuts is lost."""
    if measure(text) <= limit:
        return [text]
    parts: list[str] = []
    for piece, separator in _pieces(text, limit, measure):
        joined = f"{parts[-1]}{separator}{piece}" if parts else piece
        if parts and measure(joined) <= limit:
            parts[-1] = joined
        else:
            parts.append(piece)
    return parts


def numbered(text: str, limit: int, measure: Measure = len) -> list[str]:
    """The same with "(1/3) " in front of each part, when there are several."""
    if measure(text) <= limit:
        return [text]
    parts = split(text, limit - len("(99/99) "), measure)
    return [f"({number}/{len(parts)}) {part}" for number, part in enumerate(parts, 1)]


def utf16_units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _pieces(text: str, limit: int, measure: Measure) -> Iterator[tuple[str, str]]:
    """Lines, or where a line is too long its words, or where a word is too long its slices, and what stands before."""
    for line in text.split("\n"):
        if measure(line) <= limit:
            yield line, "\n"
            continue
        separator = "\n"
        for word in line.split(" "):
            for number, piece in enumerate(_slices(word, limit, measure)):
                yield piece, "" if number else separator
            separator = " "


def _slices(word: str, limit: int, measure: Measure) -> Iterator[str]:
    while measure(word) > limit:
        size = limit
        while measure(word[:size]) > limit:
            size -= 1
        yield word[:size]
        word = word[size:]
    yield word
