"""The keys of a configuration file as a section of a Markdown page. Pure."""

from collections.abc import Iterator

from tests.documents.defaults import Defaults
from tests.documents.keys import Key, Table

_HEAD = "| key | takes | default | means | variable |\n|---|---|---|---|---|\n"


def file_section(path: str, tables: list[Table], defaults: Defaults) -> str:
    """The section of a file, a table for each of its tables."""
    name = path.replace("/", "-")
    parts = [f"## {path}\n\n", *(part for table in tables for part in _table(table, defaults))]
    return f'<a id="{name}"></a>\n\n' + "".join(parts)


def heading(table: Table) -> str:
    """How the table is written in the file."""
    name = f"[[{table.path}]]" if table.is_array else f"[{table.path}]"
    return f'{name} with kind = "{table.kind}"' if table.kind else name


def about(table: Table, defaults: Defaults) -> str:
    """What the table is for."""
    return defaults.meaning(table.path, table.kind, "kind") if table.kind else defaults.meanings.get(table.path, "")


def _table(table: Table, defaults: Defaults) -> Iterator[str]:
    if table.path:
        yield f"### `{heading(table)}`\n\n"
    if words := about(table, defaults):
        yield f"{_escaped(_sentence(words))}\n\n"
    keys = [key for key in table.keys if key.name != "kind"]
    if keys:
        yield _HEAD
        yield from (_row(table, key, defaults) for key in keys)
        yield "\n"


def _row(table: Table, key: Key, defaults: Defaults) -> str:
    meaning = _escaped(defaults.meaning(table.path, table.kind, key.name))
    default = f"`{key.default}`" if key.default and not key.default.startswith("none") else key.default
    variables = ", ".join(f"`{variable}`" for variable in key.variables)
    return f"| `{key.name}` | {_escaped(key.type)} | {default} | {meaning} | {variables} |\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _sentence(words: str) -> str:
    text = words[0].upper() + words[1:]
    return text if text.endswith((".", ")")) else f"{text}."
