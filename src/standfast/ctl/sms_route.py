"""Routes for an SMS channel that an old .env brings: the earlier systems sent only what is critical by SMS. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from standfast.ctl.tomledit import literal, value_at

_COMMENT: Final = "# By SMS only what is critical, as the earlier system did; without routes everything goes there."


def others_beside(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str] | None:
    """The channels beside a new SMS channel; None where it is not new, or routes say already what goes where."""
    if value_at(before, "channels.sms") is not None or "route" in after:
        return None
    channels = value_at(after, "channels")
    return [name for name in channels if name != "sms"] if channels and "sms" in channels else None


def with_routes(text: str, others: list[str], *, as_json: bool) -> str:
    """The configuration text with two routes: what is critical to all, the rest to the others."""
    routes = [{"severity": ["critical"], "channels": [*others, "sms"]}, {"channels": others}]
    if as_json:
        return json.dumps({**json.loads(text), "route": routes}, indent=2) + "\n"
    tables = ["[[route]]\n" + "".join(f"{key} = {literal(value)}\n" for key, value in one.items()) for one in routes]
    return f"{text.rstrip()}\n\n{_COMMENT}\n" + "\n".join(tables)
