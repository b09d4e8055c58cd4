"""`standfastctl ack`: somebody takes a problem on."""

from standfast.ctl.numbered import Deed

COMMAND = Deed(
    name="ack",
    verb="Acknowledge",
    done="Acknowledged",
    then=("There are no more reminders of it. Its end is told, and that it becomes critical where it is not yet.",),
).command(
    summary="take a problem on: no more reminders of it",
    description=(
        "Acknowledges an unresolved problem: no reminders and no further channels; its recovery is told. For root and "
        "the members of standfast-admin. Exits 0 when it is acknowledged, 1 when it is not, 2 when called wrongly."
    ),
)
