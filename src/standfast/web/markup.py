"""HTML, in small pieces. Pure: everything that comes from elsewhere passes through `escape`, here or at its end."""

import html
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from standfast import __version__
from standfast.overview import snapshot as shots
from standfast.overview.tones import Tone
from standfast.time_words import moment as in_words
from standfast.web.assets import ICON, SCRIPT, STYLE
from standfast.web.commands import pieces

# Of a text longer than this the rest is folded.
LONG: Final = 280
# Without scripts the page loads itself again this often.
RELOAD_S: Final = 15

# A shape for each tone: colour is never the only sign.
_SHAPES: Final = {
    Tone.GOOD: '<circle cx="8" cy="8" r="7"/><path d="M4.5 8.2l2.4 2.4 4.6-5"/>',
    Tone.WARNING: '<path class="body" d="M8 1.2L15.2 14.4H.8z"/><path d="M8 6v4M8 12v.6"/>',
    Tone.BAD: '<path class="body" d="M4.9.8h6.2l4.1 4.1v6.2l-4.1 4.1H4.9L.8 11.1V4.9z"/>'
    '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/>',
    Tone.PLAIN: '<circle class="ring" cx="8" cy="8" r="6"/>',
}


def escape(value: str) -> str:
    """A text, also between double quotes; without the signs that turn the direction of what follows, or are unseen."""
    plain = value if value.isprintable() else "".join(one if one.isprintable() else " " for one in value)
    return html.escape(plain)


def text(value: Any, otherwise: str = "unknown") -> str:
    """A plain value as escaped text; what is no plain value is as good as unknown."""
    return escape(shots.words(value, otherwise))


def attribute(value: str) -> str:
    """A text between double quotes."""
    return escape(value)


def name(value: str) -> str:
    """The name of a unit or a file; it may go on in the next line where a word of it ends."""
    return re.sub(r"(?<=\w)([_.@/])(?=\w)", r"\1<wbr>", escape(value))


def prose(sentence: str) -> str:
    """A sentence for people, its commands ready to be copied."""
    return "".join(command(one.text) if one.is_command else name(one.text) for one in pieces(sentence))


def long_prose(sentence: str) -> str:
    """The same; of one that fills a phone's screen the beginning and the commands, and all of it one step away."""
    if len(sentence) <= LONG:
        return prose(sentence)
    begin = sentence[:LONG].rpartition(" ")[0] or sentence[:LONG]
    steps = " ".join(command(one.text) for one in pieces(sentence[len(begin) :]) if one.is_command)
    folded = f"<details><summary>{name(begin)} ...</summary>{name(sentence)}</details>"
    return f"{folded}<p>{steps}</p>" if steps else folded


def command(line: str) -> str:
    """A command; the script puts a button beside it."""
    return f'<code class="command">{escape(line)}</code>'


def unit_path(unit: str) -> str:
    """Where a unit's own page is; half of a surrogate pair has no address."""
    return f"/units/{quote(unit.encode(errors='replace'), safe='@:')}"


def unit_link(unit: str) -> str:
    """A unit's name that leads to its page; read out as one word though it may be broken."""
    return f'<a class="name" href="{attribute(unit_path(unit))}" aria-label="{attribute(unit)}">{name(unit)}</a>'


def short_unit_link(unit: str) -> str:
    """The same for a narrow place: in one line, and a service without its suffix, for nearly all are services."""
    shown = escape(unit.removesuffix(".service"))
    return f'<a class="name" href="{attribute(unit_path(unit))}" title="{attribute(unit)}">{shown}</a>'


def moment(value: Any, otherwise: str = "unknown") -> str:
    """A moment; the script puts it into the reader's time zone."""
    at = value if isinstance(value, datetime) else shots.moment(value)
    if at is None:
        return escape(otherwise)
    return f'<time datetime="{attribute(at.isoformat(timespec="seconds"))}">{in_words(at)}</time>'


def short_moment(at: datetime) -> str:
    """A moment to the minute, without its day."""
    return f'<time class="short" datetime="{attribute(at.isoformat(timespec="seconds"))}">{at:%H:%M}</time>'


def mark(tone: Tone, size: str = "") -> str:
    """The sign of a tone; what it means stands in words beside it."""
    return f'<svg class="mark {tone} {size}" viewBox="0 0 16 16" aria-hidden="true">{_SHAPES[tone]}</svg>'


def count(number: int, noun: str) -> str:
    """A number with its noun, such as "3 units"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names with their values; the values are markup."""
    return "<dl>" + "".join(f"<div><dt>{escape(key)}</dt><dd>{value}</dd></div>" for key, value in rows) + "</dl>"


def card(identity: str, title: str, inner: str, note: str = "") -> str:
    """A section under its heading; the script brings it up to date in place."""
    aside = f' <span class="note">{note}</span>' if note else ""
    return (
        f'<section class="card" id="{identity}" data-part aria-labelledby="{identity}-title">'
        f'<h2 id="{identity}-title">{escape(title)}{aside}</h2>{inner}</section>'
    )


def head(tone: Tone, title: str, beside: str, rest: str = "", kind: str = "headline") -> str:
    """The first section, under the page's own heading; title and the rest are markup."""
    return (
        f'<section id="verdict" data-part class="verdict {tone}" aria-labelledby="headline"><div class="level">'
        f'{mark(tone, "large")}<h1 id="headline" class="{kind}">{title}</h1><p class="since">{beside}</p>'
        f"</div>{rest}</section>"
    )


def empty(words: str) -> str:
    """What is said in place of a list without items."""
    return f'<p class="empty">{escape(words)}</p>'


def document(title: str, host: str, main: str, now: datetime | None) -> str:
    """The whole page; what stands in its footer does not count for its version."""
    made = f"Made at {moment(now)}. " if now else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} - {escape(host)} - Standfast</title>
<link rel="icon" href="{ICON.path}" type="image/svg+xml">
<link rel="stylesheet" href="{STYLE.path}">
<script src="{SCRIPT.path}" defer></script>
<noscript><meta http-equiv="refresh" content="{RELOAD_S}"></noscript>
</head>
<body>
<a class="skip" href="#main">Skip to the state of the fleet</a>
<header class="top"><p class="brand"><a href="/">Standfast</a> <span class="host">on {escape(host)}</span></p>
<p id="link"><noscript>This page loads itself again every {RELOAD_S} s.</noscript></p></header>
<p id="said" class="hidden" role="status" aria-live="polite"></p>
<main id="main" tabindex="-1">
{main}
</main>
<footer><p>{made}Standfast {__version__}. For programs:
<a href="/api/status">status</a>, <a href="/api/units">units</a>, <a href="/api/errors">errors</a>,
<a href="/api/timeline">timeline</a>, <a href="/api/openapi.json">OpenAPI</a>, <a href="/metrics">metrics</a>.
In a terminal: <code>standfastctl status</code>.</p></footer>
</body>
</html>
"""
