"""What the README and docs/demo.md show of the demonstration is what it tells."""

import re
from pathlib import Path

from tests.documents.reference import REPOSITORY
from tests.system import story

RUN = (REPOSITORY / "docs/demo.md").read_text()
TOLD = RUN[RUN.index("```\n") :].splitlines()


def test_the_run_has_every_step() -> None:
    shown = [line for line in TOLD if line.startswith("--- ")]
    assert shown == [f"--- {number}. {story.title(step)}" for number, step in enumerate(story.STEPS, 1)]


def test_the_run_has_every_expectation() -> None:
    source = Path(story.__file__).read_text()
    shown = re.findall(r"^(.+?) +(yes|NO) ", "\n".join(TOLD), re.MULTILINE)
    assert shown == [(expected, "yes") for expected in re.findall(r"expect\(\"([^\"]+)\"", source)]


def test_the_readme_shows_parts_of_that_run() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    shown = readme[readme.index("```\n--- ") :].split("```\n")[1].splitlines()
    assert len(shown) > 8
    assert [line for line in shown if line != "..." and not any(map(left_out(line).fullmatch, TOLD))] == []


def left_out(line: str) -> re.Pattern[str]:
    """A line as it was, with anything where "..." stands."""
    return re.compile(".*".join(map(re.escape, line.split("..."))))
