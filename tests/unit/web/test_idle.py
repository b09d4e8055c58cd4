from standfast.web.idle import Idleness


def test_the_limit_passes_only_without_connections_and_requests() -> None:
    idleness = Idleness(limit_s=60, since_s=100)

    assert not idleness.over(connections=0, requests=0, now_s=159)
    assert not idleness.over(connections=1, requests=1, now_s=170)
    assert not idleness.over(connections=0, requests=1, now_s=229)
    assert not idleness.over(connections=0, requests=2, now_s=231)  # came and went between two looks
    assert not idleness.over(connections=0, requests=2, now_s=290)
    assert idleness.over(connections=0, requests=2, now_s=291)
