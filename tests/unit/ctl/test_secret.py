"""Where secrets go; that they arrive at the units is shown on a real systemd."""

from pathlib import Path

import pytest

from standfast.ctl.command import UsageError
from standfast.ctl.secret import AGENTS, NOTIFIER, SHARED, UNITS, Place, drop_in_text, place_of
from standfast.paths import NO_CREDENTIAL


@pytest.mark.parametrize(
    ("name", "agent", "unit", "more"),
    [
        ("telegram-bot-token", None, NOTIFIER, ["standfast-check.service"]),
        ("openalgo-api-key", None, AGENTS, []),
        ("openalgo-api-key", "infy", "standfast-agent@infy.service", []),
    ],
)
def test_each_goes_to_the_units_that_need_it(name: str, agent: str | None, unit: str, more: list[str]) -> None:
    place = place_of(name, agent)
    assert place == Place(name, unit)
    wanted = [f"/etc/systemd/system/{one}.d/credential-{name}.conf" for one in [unit, *more]]
    assert [str(one) for one in place.drop_ins] == wanted


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
    for name, owner in UNITS.items():
        for unit in (owner, *SHARED.get(owner, ())):
            placeholder = NO_CREDENTIAL.decode().replace("\n", "\\n")
            assert f"\nLoadCredential={name}\nSetCredential={name}:{placeholder}\n" in (units / unit).read_text()
