"""The first page, as HTML. Pure: everything that comes from elsewhere passes through `escape`."""

import re
from datetime import datetime
from html import escape

from standfast.web.assets import ICON, SCRIPT, STYLE
from standfast.web.report import Cell, Report, Table

# Without scripts the page loads itself again this often.
RELOAD_S = 15


def page(report: Report, now: datetime) -> str:
    """The whole document."""
    main = [_level(report), _facts(report), *map(_section, report.tables)]
    return _document(f"{report.level}: {report.headline}", "\n".join(main), _time(now.strftime("%H:%M:%S UTC"), now))


def unavailable_page(text: str) -> str:
    """The document for the case that the other one cannot be made."""
    body = f'<section id="level" data-part class="level bad"><strong>Unknown</strong>{escape(text)}</section>'
    return _document("Unknown", body, "")


def _document(title: str, main: str, written: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - Standfast</title>
<link rel="icon" href="{ICON}">
<style>{STYLE}</style>
<noscript><meta http-equiv="refresh" content="{RELOAD_S}"></noscript>
</head>
<body>
<header><h1>Standfast</h1><p id="lost" role="alert"></p></header>
<main>
{main}
</main>
<footer><p>As of <span id="written" data-part>{written}</span>. The same as JSON:
<a href="/api/status">/api/status</a>, <a href="/api/failure_detector_status">/api/failure_detector_status</a>,
<a href="/api/errors">/api/errors</a>. In a terminal: <code>standfastctl status</code>.</p></footer>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _level(report: Report) -> str:
    reasons = "".join(f"<li>{escape(line)}</li>" for line in report.problems)
    listed = f"<ul>{reasons}</ul>" if reasons else ""
    return (
        f'<section id="level" data-part class="level {report.tone}" role="status">'
        f"<strong>{escape(report.level)}</strong>{escape(report.headline)}{listed}</section>"
    )


def _facts(report: Report) -> str:
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{_cell(cell)}</dd></div>" for name, cell in report.facts)
    return f'<dl id="facts" data-part>{facts}</dl>'


def _section(table: Table) -> str:
    name = re.sub(r"\W+", "-", table.title.lower())
    inner = _table(table, name) if table.rows else f'<p class="empty">{escape(table.empty)}</p>'
    return (
        f'<section id="{name}" data-part aria-labelledby="{name}-title">'
        f'<h2 id="{name}-title">{escape(table.title)}</h2>{inner}</section>'
    )


def _table(table: Table, name: str) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    body = "".join(_row(table.columns, row) for row in table.rows)
    return f'<table aria-labelledby="{name}-title"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(columns: tuple[str, ...], row: tuple[Cell, ...]) -> str:
    first, *others = row
    cells = [
        f'<td data-label="{escape(column)}">{_cell(cell)}</td>'
        for column, cell in zip(columns[1:], others, strict=True)
    ]
    return f'<tr><th scope="row">{_cell(first)}</th>{"".join(cells)}</tr>'


def _cell(cell: Cell) -> str:
    inner = _time(cell.text, cell.at) if cell.at else _breakable(escape(cell.text))
    return f'<span class="{cell.tone}">{inner}</span>'


def _breakable(escaped: str) -> str:
    """Long names of units and files may go on in the next line, where a word of theirs ends."""
    return re.sub(r"(?<=\w)([_.@/])(?=\w)", r"\1<wbr>", escaped)


def _time(text: str, at: datetime) -> str:
    return f'<time datetime="{escape(at.isoformat())}">{escape(text)}</time>'
