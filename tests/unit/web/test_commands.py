"""Commands are found in the sentences that the daemons really say, and end where the command does."""

from __future__ import annotations

import pytest

from standfast.web.commands import pieces


def commands(sentence: str) -> list[str]:
    return [one.text for one in pieces(sentence) if one.is_command]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("see why, and start it: systemctl status standfast-detector", ["systemctl status standfast-detector"]),
        ("then standfastctl test-notify --channel sms", ["standfastctl test-notify --channel sms"]),
        ("Look at the positions; to let it trade again: standfastctl resume paper", ["standfastctl resume paper"]),
        ("See journalctl -u standfast-agent@a for why it ended; it trades again.", ["journalctl -u standfast-agent@a"]),
        (
            "store it with standfastctl secret set key --agent a, then: systemctl restart standfast-agent@a.",
            ["standfastctl secret set key --agent a", "systemctl restart standfast-agent@a"],
        ),
        (
            "To restart all by hand: standfastctl plan, then systemctl start standfast-master-restart. To have it",
            ["standfastctl plan", "systemctl start standfast-master-restart"],
        ),
        ("find the root cause (journalctl -u a.service), mend it", ["journalctl -u a.service"]),
        ("systemctl start standfast-agent@a when the market opens", ["systemctl start standfast-agent@a"]),
        ("Read them with journalctl STANDFAST_EVENT=problem; if all are real", ["journalctl STANDFAST_EVENT=problem"]),
        ("standfastctl check-config, correct what it names", ["standfastctl check-config"]),
        ("journalctl is full, and systemctl does not answer", []),
        ("nothing to do", []),
    ],
)  # fmt: skip
def test_a_command_is_found_and_nothing_else(sentence: str, found: list[str]) -> None:
    assert commands(sentence) == found
    assert "".join(one.text for one in pieces(sentence)) == sentence


def test_nothing_that_a_shell_would_take_for_more_is_part_of_a_command() -> None:
    for evil in ("a; rm -rf /", "a && halt", "$(halt)", "`halt`", "a|halt", "a\nhalt"):
        assert not set(";&$`|<>\n") & set("".join(commands(f"systemctl stop {evil}")))
