"""An old .env is read as the programs read it that it was written for; what is not understood is not guessed."""

import pytest

from standfast.ctl.dotenv import Assignment, DotEnv, OddLine, parse


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


@pytest.mark.parametrize("line", ["just words", "1A=1", "A-B=1", "=1", "A"])
def test_what_is_no_assignment_is_told_by_its_line(line: str) -> None:
    assert parse(f"# first\n{line}\nZ=1") == DotEnv((Assignment(3, "Z", "1"),), (OddLine(2),))


@pytest.mark.parametrize("line", ['A="open', "A='open", "A=${HOME}/x", 'A="$USER"', "export A=${X:-60}", "A='x' y"])
def test_a_value_that_is_not_understood_is_told_by_its_variable(line: str) -> None:
    assert parse(f"# first\n{line}\nZ=1") == DotEnv((Assignment(3, "Z", "1"),), (OddLine(2, "A"),))


def test_of_two_the_last_counts_and_the_first_is_kept_to_be_told() -> None:
    assert parse("A=1\nA=2") == DotEnv((Assignment(2, "A", "2"),), (), (Assignment(1, "A", "1"),))
