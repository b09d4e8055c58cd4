"""The OpenAPI document says what is answered, and all that is answered; a fuzzer finds no other answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.routing import Route
from tests.browser import fleets
from tests.unit.web.serving import FiledJournal, Service

from standfast.web.app import Site
from standfast.web.look import Look
from standfast.web.openapi import PATHS, document

SCHEMATHESIS = Path(__file__).parents[3] / ".venv/schemathesis/bin/st"
# A stream has no end that a fuzzer could wait for; test_events.py reads it.
STREAM = "/api/events"
# That a daemon is away is documented as 503: where one is, it is no error of the server.
AWAY = ("--exclude-checks", "not_a_server_error")


def test_every_address_for_programs_is_described(tmp_path: Path) -> None:
    site = Site(Look(FiledJournal(tmp_path / "journal.json"), "box1", tmp_path))
    routes = {route.path for route in site.application().routes if isinstance(route, Route)}

    assert {path for path in routes if path.startswith(("/api/", "/metrics"))} == PATHS


def test_every_schema_is_used_and_every_one_used_is_there() -> None:
    text = json.dumps(document("1"))
    schemas = document("1")["components"]["schemas"]

    assert {name for name in schemas if f"#/components/schemas/{name}" in text} == schemas.keys() - {"Change"}
    assert text.count("#/components/schemas/") == sum(text.count(f'#/components/schemas/{name}"') for name in schemas)


def test_what_has_a_version_says_so_and_nothing_else_does(tmp_path: Path) -> None:
    fleets.cascading(tmp_path)
    described = document("1")["paths"]
    with Service(tmp_path) as service:
        for path in sorted(PATHS - {STREAM, "/api/units/{name}"}):
            answers = described[path]["get"]["responses"]
            has_version = "ETag" in service.get(path).headers
            assert ("304" in answers, "ETag" in answers["200"]["headers"]) == (has_version, has_version), path


def test_every_header_of_an_answer_is_described(tmp_path: Path) -> None:
    fleets.cascading(tmp_path)
    described = document("1")["paths"]
    usual = {"date", "content-type", "content-length", "connection"}
    with Service(tmp_path) as service:
        for path in sorted(PATHS - {STREAM, "/api/units/{name}"}):
            answers = described[path]["get"]["responses"]
            for status, headers in (("200", {}), ("304", {"If-None-Match": "*"}), ("421", {"Host": "evil.example"})):
                found = service.get(path, **headers)
                if str(found.status_code) == status:
                    assert {name.lower() for name in answers[status]["headers"]} == set(
                        map(str.lower, found.headers)
                    ) - usual, (path, status)


@pytest.mark.skipif(not SCHEMATHESIS.exists(), reason="schemathesis is not here, see packaging/prepare browser")
@pytest.mark.parametrize(
    ("fleet", "options"), [(fleets.cascading, ()), (fleets.detector_down, AWAY)], ids=["cascading", "detector-down"]
)
def test_a_fuzzer_finds_no_answer_that_is_not_described(
    tmp_path: Path, fleet: Callable[[Path], None], options: tuple[str, ...]
) -> None:
    fleet(tmp_path)
    with Service(tmp_path) as service:
        fuzzed = subprocess.run(
            [SCHEMATHESIS, "run", f"{service.url}/api/openapi.json", "--no-color", "--generation-deterministic",
             "--max-examples=10", f"--exclude-path={STREAM}", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert fuzzed.returncode == 0, fuzzed.stdout + fuzzed.stderr
    assert "Fuzzing" in fuzzed.stdout
