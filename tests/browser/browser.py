"""A real Chromium, driven by chromedriver: one for all tests, a fresh page for each."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from selenium import webdriver
from selenium.webdriver.chrome.service import Service as Chromedriver

CHROMIUM = Path("/usr/bin/chromium")
CHROMEDRIVER = Path("/usr/bin/chromedriver")
AXE = Path(__file__).parents[2] / ".venv/node/node_modules/axe-core/axe.min.js"
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
PHONE = (390, 844)
SMALL_PHONE = (375, 667)
DESKTOP = (1280, 900)

_STICKS_OUT = """
const edge = document.documentElement.clientWidth + 1, found = [], range = document.createRange();
const texts = document.createTreeWalker(document.querySelector(arguments[0]), NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  range.selectNodeContents(texts.currentNode);
  if ([...range.getClientRects()].some((one) => one.right > edge)) found.push(texts.currentNode.data);
}
return found;
"""


def why_not() -> str:
    """Why there can be none here, or "" when there can."""
    missing = [str(path) for path in (CHROMIUM, CHROMEDRIVER, AXE) if not path.exists()]
    return f"not installed, see packaging/prepare browser: {', '.join(missing)}" if missing else ""


class Browser:
    """The browser; `page` opens an address and everything after is about that page."""

    def __enter__(self) -> Self:
        self._profile = tempfile.mkdtemp(prefix="standfast-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, f"--user-data-dir={self._profile}"):
            options.add_argument(flag)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # Chromium's own refuses to work for root
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Chromedriver(str(CHROMEDRIVER)), options=options)
        self.driver.set_script_timeout(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def look_like(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False, scripts: bool = True) -> None:
        """What the reader has: the size of the screen, the colours, whether scripts run."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
        self.cdp("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", features=[scheme])
        self.cdp("Emulation.setScriptExecutionDisabled", value=not scripts)

    def cdp(self, command: str, **parameters: Any) -> Any:
        """A command of the Chrome DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def open(self, url: str) -> None:
        """Load an address; what an earlier page said to the console is forgotten."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(url)

    def script(self, text: str, *arguments: Any) -> Any:
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(text, *arguments)

    def press(self, key: str) -> None:
        """Press a key, as with the keyboard."""
        webdriver.ActionChains(self.driver).send_keys(key).perform()

    def text(self, selector: str) -> str:
        """The visible text of the first element that a selector names."""
        return str(self.script("return document.querySelector(arguments[0]).innerText", selector))

    def until(self, look: Callable[[], bool], what: str, timeout_s: float = 10) -> None:
        """Wait for something that the page does by itself."""
        deadline_s = time.monotonic() + timeout_s
        while not look():
            assert time.monotonic() < deadline_s, f"not within {timeout_s} s: {what}"
            time.sleep(0.02)

    def complaints(self) -> list[str]:
        """What the page said to the console since it was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page."""
        if not self.script("return typeof axe === 'object'"):
            self.script(AXE.read_text())
        found = self.driver.execute_async_script(
            "axe.run(document, {resultTypes: ['violations']}).then(arguments[arguments.length - 1])"
        )
        return [f"{one['id']}: {one['help']}: {_targets(one)}" for one in found["violations"]]

    def letters(self, *, percent: int) -> None:
        """Make the letters larger, and nothing else, as a reader can who sees badly; until the next page."""
        self.script("document.documentElement.style.fontSize = arguments[0]", f"{percent}%")

    def is_seen(self, selector: str) -> bool:
        """Whether the first element that a selector names takes room on the page."""
        found = "const {width, height} = document.querySelector(arguments[0]).getBoundingClientRect();"
        return bool(self.script(f"{found} return width > 2 && height > 2", selector))

    def sticks_out(self, selector: str) -> list[str]:
        """The texts within an element that reach beyond the right edge of the screen."""
        return list(self.script(_STICKS_OUT, selector))

    def is_wider_than_the_screen(self) -> bool:
        """Whether one would have to scroll sideways."""
        return bool(self.script("return document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Save what is seen, or the whole page, as PNG."""
        found = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        path.write_bytes(base64.b64decode(found["data"]))

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}


def _targets(violation: dict[str, Any]) -> str:
    return ", ".join(f"{node['target']} {node['html'][:120]}" for node in violation["nodes"][:3])
