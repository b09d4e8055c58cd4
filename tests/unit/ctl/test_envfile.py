from pathlib import Path

import pytest

from standfast.config import ConfigError
from standfast.ctl.envfile import parse, read_environment


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("# comment\n; comment\n\nA=1\n", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
        ('A="one two"\nB=\'x"y\'', {"A": "one two", "B": 'x"y'}),
        ('A="say \\"hi\\""', {"A": 'say "hi"'}),
        ("A=x\\ y\nB=1 2 ", {"A": "x y", "B": "1 2"}),
        ("A=one\\\ntwo", {"A": "onetwo"}),
        ("export A=1\n1A=2\nno assignment", {}),
    ],
)
def test_a_text_is_read_as_systemd_reads_it(text: str, variables: dict[str, str]) -> None:
    assert parse(text) == variables


def test_a_file_that_is_not_there_has_no_variables(tmp_path: Path) -> None:
    assert read_environment(tmp_path / "none") == {}


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    path.write_bytes(b"A=\xff")

    with pytest.raises(ConfigError, match="not UTF-8"):
        read_environment(path)
