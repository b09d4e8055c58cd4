"""A message in two text messages: what happened and the next step stay."""

import pytest
from tests.unit.notifier.events import at

from standfast.events import Event, Kind, Severity
from standfast.notifier.brief import MOST_PARTS, in_brief
from standfast.notifier.channels.sms import SEGMENT
from standfast.notifier.gsm7 import septets, transliterate
from standfast.notifier.model import Destination, Draft, MessageKind
from standfast.notifier.render import render

UNITS = ", ".join(f"trade_{number}.service (not affected (scope = affected))" for number in range(12))
STEP = "systemctl status standfast-master-restart, then standfastctl plan"


def brief(text: str) -> list[str]:
    parts = in_brief(transliterate(text), SEGMENT, septets)
    assert len(parts) <= MOST_PARTS
    assert all(septets(part) <= SEGMENT for part in parts)
    return parts


def test_a_list_of_units_has_no_place_in_it_and_the_next_step_has() -> None:
    event = Event(
        Kind.RESTART, f"Master restart: nothing to restart; left alone: {UNITS}", "MASTER_RESTART_COMPLETED",
        Severity.CRITICAL, "standfast-master-restart.service", action=STEP,
    )  # fmt: skip
    draft = Draft(MessageKind.RESTART, Severity.CRITICAL, at(0), Destination(("sms",)), event=event)
    parts = brief(render(draft, "id", "box1", None).text)
    words = " ".join(part[len("(1/2) ") :] for part in parts).replace("\n", " ")
    assert words.startswith("box1: MASTER_RESTART_COMPLETED standfast-master-restart.service Master restart: nothing")
    assert words.endswith(f"... Next: {STEP} More: standfastctl errors")


def test_what_fits_is_left_as_it_is() -> None:
    assert brief("box1: X\nit is\nNext: wait") == ["box1: X\nit is\nNext: wait"]
    text = "\n".join(f"LINE_{number}: 1 occurrence" for number in range(12))
    assert "\n".join(part[len("(1/2) ") :] for part in brief(text)) == text


@pytest.mark.parametrize("char", ["x", "€", "日", "x ", "€\n", "Next: y\n", "₹"])
@pytest.mark.parametrize("number", [1, 159, 160, 161, 290, 320, 321, 5000])
def test_it_is_two_parts_whatever_the_text_is(char: str, number: int) -> None:
    first, *_ = brief(f"box1: TYPE a.service\n{char * number}\nNext: {'wait ' * number}")
    assert first.startswith(("box1: TYPE", "(1/2) box1: TYPE"))


def test_several_problems_keep_their_steps() -> None:
    lines = [f"KIND_{number}: 1 occurrence (a.service)\n- {'words ' * 30}" for number in range(5)]
    parts = brief("\n".join(["box1: MULTIPLE ERRORS DETECTED", *lines, "Time: now", "Next for KIND_0: do this"]))
    assert "Next for KIND_0: do this\nMore: standfastctl errors" in parts[-1]
