"""The keys of a configuration file as part of a man page. Pure."""

from collections.abc import Iterator

from tests.documents.defaults import Defaults
from tests.documents.keys import Key, Table
from tests.documents.markdown import about, heading


def keys(tables: list[Table], defaults: Defaults) -> str:
    """A subsection for each table, a tagged paragraph for each key."""
    return "".join(line for table in tables for line in _table(table, defaults))


def _table(table: Table, defaults: Defaults) -> Iterator[str]:
    if table.path:
        yield f".SS {_quoted(heading(table))}\n"
        if words := about(table, defaults):
            yield f"{_text(words)}\n"
    for key in table.keys:
        if key.name != "kind":
            meaning = defaults.meaning(table.path, table.kind, key.name)
            yield f".TP\n.B {_text(key.name)}\n{_text(_described(key, meaning))}\n"


def _described(key: Key, meaning: str) -> str:
    default = f" Default: {key.default}." if key.default and not key.default.startswith("none") else ""
    required = " It must be given." if key.default.startswith("none") else ""
    variable = f" Variable: {', '.join(key.variables)}." if key.variables else ""
    sentence = meaning[:1].upper() + meaning[1:].rstrip(".")
    return f"{sentence} ({key.type}).{default}{required}{variable}"


def _quoted(text: str) -> str:
    return '"' + _text(text).replace('"', "\\(dq") + '"'


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return escaped if not escaped.startswith(".") else f"\\&{escaped}"
