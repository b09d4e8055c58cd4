"""A thousand requests at once: each is answered, and the files of the daemons are read a few times, not a thousand."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from pathlib import Path

from tests.browser import fleets
from tests.unit.web.serving import Service

REQUESTS = 1000
PATHS = ("/", "/api/status", "/metrics", "/api/units", "/api/timeline")


async def ask(port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1])


async def ask_all(port: int) -> Counter[int]:
    async with asyncio.timeout(60):
        return Counter(await asyncio.gather(*(ask(port, PATHS[n % len(PATHS)]) for n in range(REQUESTS))))


def test_a_thousand_requests_at_once(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))  # as LimitNOFILE= in the unit
    try:
        fleets.hundreds(tmp_path)
        with Service(tmp_path) as service:
            answered = asyncio.run(ask_all(service.port))
            memory_mib = service.pss_mib()
            assert service.get("/api/status").status_code == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert answered == {200: REQUESTS}
    assert memory_mib < 120
