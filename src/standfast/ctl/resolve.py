"""`standfastctl resolve`: somebody says that a problem is over."""

from standfast.ctl.numbered import Deed

COMMAND = Deed(
    name="resolve",
    verb="Resolve",
    done="Resolved",
    then=(
        "If it occurs again, it is a new problem.",
        "What goes on is not over: what the detector watches it says anew at once, see standfastctl errors.",
        "To take a problem on that lasts: standfastctl ack; to hear nothing of it: standfastctl silence",
    ),
).command(
    summary="say that a problem is over",
    description=(
        "Marks an unresolved problem as resolved, for what nobody reports the end of. What still fails is not over: "
        "the detector says it anew at once. For root and the members of standfast-admin. "
        "Exits 0 when it is resolved, 1 when it is not, 2 when called wrongly."
    ),
)
