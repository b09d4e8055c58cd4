"""An old .env is read as the programs read it that it was written for; what is not understood is not guessed."""

import pytest

from standfast.ctl.dotenv import Assignment, parse


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# a comment\n\n  # another\nA=1", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
        ("export A=1\nB = 2 ", {"A": "1", "B": "2"}),
        ("A=one two # and a comment\nB=x#y\nC= # nothing", {"A": "one two", "B": "x#y", "C": ""}),
        ('A=\'as $it is\' # c\nB="one\\ntwo"\nC="say \\"hi\\""', {"A": "as $it is", "B": "one\ntwo", "C": 'say "hi"'}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=p$5s\nB=a=b", {"A": "p$5s", "B": "a=b"}),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    found = parse(text)
    assert {one.name: one.value for one in found.assignments} == values
    assert found.odd_lines == ()


@pytest.mark.parametrize(
    "line", ["just words", "1A=1", "A-B=1", 'A="open', "A='open", "A=${HOME}/x", 'A="$USER"', "A='x' y", "=1", "A"]
)
def test_what_is_not_understood_is_named_by_its_line(line: str) -> None:
    assert parse(f"# first\n{line}\nZ=1") == type(parse(""))((Assignment(3, "Z", "1"),), (2,))
