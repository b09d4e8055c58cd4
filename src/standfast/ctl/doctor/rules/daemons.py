"""What the daemons say is wrong, in the words of `standfastctl status`: the two never contradict each other. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """Channels that do not deliver, daemons that hang, checks that cannot look; and that the fleet is not well."""
    for one in facts.troubles:
        yield wrong(one.what, one.step)
    for one in facts.remarks:
        yield note(one.what, one.step)
    if facts.fleet:
        more = f" (and {len(facts.fleet) - 1} more)" if len(facts.fleet) > 1 else ""
        what = f"the fleet needs a look, which is no fault of this installation: {facts.fleet[0]}{more}"
        yield note(what, "standfastctl status")
