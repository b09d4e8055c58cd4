"""The manual page knows every command and every option."""

import argparse
import re
from pathlib import Path

import pytest

from standfast.ctl.__main__ import COMMANDS
from standfast.ctl.command import Command

PAGE = Path(__file__).parents[3] / "man/standfastctl.1"


def entries() -> dict[str, str]:
    """What the page says under each command, with its font changes and escapes taken out."""
    plain = re.sub(r"\\f[BIPR]", "", PAGE.read_text()).replace("\\-", "-").replace('"', "")
    found: dict[str, str] = {}
    for block in plain.split("\n.TP\n"):
        head = re.match(r"\.BI?R? *([a-z-]+)", block)
        if head:
            found[head[1]] = found.get(head[1], "") + block
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_and_its_options_are_in_the_manual(command: Command) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    command.configure(parser)
    text = entries()[command.name]
    for action in parser._actions:
        if action.option_strings:
            assert any(option in text for option in action.option_strings), action.option_strings


def test_every_command_ends_with_its_exit_codes() -> None:
    for command in COMMANDS:
        assert re.search(r"Exits 0 .*2 when called\s+wrongly\.$", command.description), command.name
