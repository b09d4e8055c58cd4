"""The variables by which the earlier systems were configured, and what each means now."""

from typing import Final

from standfast.ctl.configuration import SHAPES

# A key with its table, or the name of a credential.
EARLIER: Final[dict[str, str]] = {
    name.variable: name.key if hasattr(name, "key") else name.credential
    for shape in SHAPES.values()
    for name in getattr(shape(), "EARLIER", ())
}
