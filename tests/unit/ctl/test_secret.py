"""Where secrets go; that they arrive at the units is shown on a real systemd."""

from pathlib import Path

import pytest

from standfast.ctl.command import UsageError
from standfast.ctl.secret import AGENTS, NOTIFIER, UNITS, Place, drop_in_text, place_of


@pytest.mark.parametrize(
    ("name", "agent", "unit"),
    [
        ("telegram-bot-token", None, NOTIFIER),
        ("openalgo-api-key", None, AGENTS),
        ("openalgo-api-key", "infy", "standfast-agent@infy.service"),
    ],
)
def test_each_goes_to_the_unit_that_needs_it(name: str, agent: str | None, unit: str) -> None:
    place = place_of(name, agent)
    assert place == Place(name, unit)
    assert str(place.drop_in).endswith(f"/etc/systemd/system/{unit}.d/credential-{name}.conf")


def test_two_agents_have_two_files() -> None:
    files = {place_of("openalgo-api-key", agent).file for agent in (None, "a", "b")}
    assert len(files) == 3


@pytest.mark.parametrize(("name", "agent"), [("password", None), ("smtp-password", "paper")])
def test_what_no_unit_asks_for_is_refused(name: str, agent: str | None) -> None:
    with pytest.raises(UsageError, match=r"there is no credential|leave --agent out"):
        place_of(name, agent)


@pytest.mark.parametrize(("encrypted", "key"), [(True, "LoadCredentialEncrypted"), (False, "LoadCredential")])
def test_the_drop_in_names_the_file(encrypted: bool, key: str) -> None:
    place = place_of("smtp-password", None)
    assert f"\n{key}=smtp-password:{place.file}\n" in drop_in_text(place, encrypted=encrypted)


def test_the_units_ask_for_what_there_is() -> None:
    units = Path(__file__).parents[3] / "units"
    for name, unit in UNITS.items():
        assert f"\nLoadCredential={name}\n" in (units / unit).read_text()
