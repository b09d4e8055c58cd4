import pytest

from standfast.web.hosts import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:3000", "localhost", "LocalHost:80", "[::1]", "[::1]:3000"])
def test_this_host_is_answered(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", "example.org", "127.0.0.1.example.org", "localhost.example.org:3000", "127.0.0.2", "0.0.0.0", "::1"),
        *("[::1", "localhost:", "localhost:abc", "localhost:1234567", "a@localhost", "localhost\n", " localhost"),
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert not is_loopback(host)
