"""The picture of the dashboard in the documents, made anew: python -m tests.browser.picture [FILE]"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser import fleets
from tests.browser.browser import Browser
from tests.unit.web.serving import Service

PICTURE = Path(__file__).parents[2] / "docs/dashboard.png"
WIDTH = 1280


def main(file: Path = PICTURE) -> None:
    """A fleet that is going down, as an operator sees it: down to the end of the dependencies."""
    with tempfile.TemporaryDirectory() as runtime, Browser() as browser:
        fleets.cascading(Path(runtime))
        with Service(Path(runtime)) as service:
            browser.look_like((WIDTH, 900))
            browser.open(service.url + "/")
            browser.until(lambda: browser.text("#link") == "Live", "the page to be live")
            end = browser.script("return document.getElementById('graph').getBoundingClientRect().bottom")
            browser.look_like((WIDTH, round(end) + 16))
            browser.screenshot(file)
    print(f"{file}: {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
