"""The dashboard in a real Chromium: every state, live, on a phone, with a keyboard, without scripts, under axe-core."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import fleets
from tests.browser.browser import DESKTOP, PHONE, SMALL_PHONE, Browser, why_not
from tests.browser.fleets import Fleet
from tests.unit.overview import statuses
from tests.unit.web.serving import Service

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can be done")

# From the writing of a status file to the page that shows it; measured: 0.2 s in the median.
SOON_S = 5
ENTER = "\ue007"
TAB = "\ue004"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    fleets.none(tmp_path)
    with Service(tmp_path) as service:
        yield service


def is_live(browser: Browser) -> bool:
    return browser.text("#link") == "Live"


def wait_for_page(browser: Browser, heading: str) -> None:
    browser.until(lambda: browser.text("h1") == heading and is_live(browser), f"the page {heading}")


@pytest.mark.parametrize(("fleet", "level"), fleets.ALL.values(), ids=fleets.ALL.keys())
def test_every_state_can_be_read_by_everybody(browser: Browser, tmp_path: Path, fleet: Fleet, level: str) -> None:
    fleet(tmp_path)
    with Service(tmp_path) as service:
        browser.look_like(DESKTOP)
        browser.open(service.url + "/")
        assert browser.text("#level") == level
        assert browser.script("return document.title").startswith(f"{level} - box1")
        browser.until(lambda: is_live(browser), "the page to be live")
        assert browser.violations() == []
        assert not browser.is_wider_than_the_screen()
        browser.look_like(PHONE, dark=True)
        assert not browser.is_wider_than_the_screen()
        browser.look_like(SMALL_PHONE)
        browser.letters(percent=200)
        assert not browser.is_wider_than_the_screen()
        assert browser.violations() == []
        assert browser.complaints() == []


def test_with_large_letters_what_needs_what_is_said_in_words(browser: Browser, tmp_path: Path) -> None:
    fleets.cascading(tmp_path)
    with Service(tmp_path) as service:
        browser.look_like(SMALL_PHONE)
        browser.open(service.url + "/units/trade_manager.service")
        browser.letters(percent=200)
        assert not browser.is_wider_than_the_screen()
        browser.open(service.url + "/")
        assert not browser.is_seen("#graph .rails .hidden")
        browser.letters(percent=200)
        assert browser.is_seen("#graph .rails .hidden")
        assert not browser.is_seen("#graph .rails > svg")
        assert browser.is_seen("#graph .rails .mark")
        assert not browser.sticks_out("#main")


def test_dark_colours_have_contrast_too(browser: Browser, tmp_path: Path) -> None:
    fleets.cascading(tmp_path)
    with Service(tmp_path) as service:
        browser.look_like(PHONE, dark=True)
        browser.open(service.url + "/")
        assert browser.script("return getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 26)"
        assert browser.violations() == []
        browser.open(service.url + "/units/trade_manager.service")
        assert browser.text("h1") == "trade_manager.service"
        assert "disk I/O error" in browser.text("#log")
        assert browser.violations() == []
        assert not browser.is_wider_than_the_screen()
        assert browser.complaints() == []


def test_a_change_appears_by_itself_and_disturbs_nobody(browser: Browser, service: Service, tmp_path: Path) -> None:
    browser.look_like(DESKTOP)
    browser.open(service.url + "/")
    browser.until(lambda: is_live(browser), "the page to be live")
    browser.script("window.stayed = true; document.querySelector('#units a[href$=\"main_app.service\"]').focus()")

    before_s = time.monotonic()
    fleets.cascading(tmp_path)
    browser.until(lambda: browser.text("#level") == "CASCADING", "the level to appear", SOON_S)
    print(f"A change was shown after {time.monotonic() - before_s:.2f} s")

    assert browser.script("return window.stayed")  # it is the same page
    assert browser.text("#said") == "CASCADING: The fleet is going down"  # for who listens
    assert browser.script("return document.activeElement.textContent") == "main_app.service"
    assert browser.script("return document.title").startswith("CASCADING")
    fleets.none(tmp_path)
    browser.until(lambda: browser.text("#level") == "NONE", "the level to go", SOON_S)
    assert browser.script("return document.activeElement.textContent") == "main_app.service"
    assert browser.complaints() == []


def test_the_focus_comes_back_with_a_unit_that_was_not_there_for_a_moment(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    link = "document.querySelector('#units a[href$=\"main_app.service\"]')"
    browser.look_like(DESKTOP)
    browser.open(service.url + "/")
    browser.until(lambda: is_live(browser), "the page to be live")
    browser.script(f"{link}.focus()")
    fleets.unseen(tmp_path)
    browser.until(lambda: browser.script(f"return {link} === null"), "the unit to go", SOON_S)
    fleets.none(tmp_path)
    browser.until(lambda: browser.script(f"return {link} !== null"), "the unit to be back", SOON_S)
    assert browser.script("return document.activeElement.textContent") == "main_app.service"
    assert browser.complaints() == []


def test_what_is_read_stays_where_it_is_though_what_is_above_grows(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    browser.look_like(PHONE)
    browser.open(service.url + "/")
    browser.until(lambda: is_live(browser), "the page to be live")
    browser.script("window.read = document.getElementById('agents'); read.scrollIntoView()")
    top = browser.script("return read.getBoundingClientRect().top")
    fleets.cascading(tmp_path)
    browser.until(lambda: browser.text("#level") == "CASCADING", "the level to appear", SOON_S)
    assert browser.script("return read.getBoundingClientRect().top") == pytest.approx(top, abs=2)


def test_a_command_is_copied_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    fleets.cascading(tmp_path)
    with Service(tmp_path) as service:
        browser.look_like(DESKTOP)
        browser.open(service.url + "/")
        browser.until(lambda: is_live(browser), "the page to be live")
        browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        browser.script("document.querySelector('.steps .copy').focus()")
        browser.press(ENTER)
        browser.until(lambda: browser.text(".steps .copy") == "Copied", "the word that it was copied")
        assert browser.text("#said") == "Copied: journalctl -n 50 -u trade_manager"
        browser.script("window.found = ''; navigator.clipboard.readText().then((text) => { window.found = text; })")
        browser.until(lambda: browser.script("return window.found") != "", "the clipboard to be read")
        assert browser.script("return window.found") == "journalctl -n 50 -u trade_manager"


def test_what_is_folded_out_stays_so(browser: Browser, tmp_path: Path) -> None:
    fleets.hundreds(tmp_path)
    with Service(tmp_path) as service:
        browser.look_like(DESKTOP)
        browser.open(service.url + "/")
        browser.until(lambda: is_live(browser), "the page to be live")
        browser.script("document.querySelector('#well summary').click()")
        statuses.put(tmp_path, "notifier", statuses.notifier(statuses.error(error_type="DISK_LOW")))
        browser.until(lambda: "DISK_LOW" in browser.text("#errors"), "the page to be brought up to date", SOON_S)
        assert browser.script("return document.querySelector('#well').open")


def test_a_service_that_goes_away_is_said(browser: Browser, service: Service) -> None:
    browser.look_like(PHONE)
    browser.open(service.url + "/")
    browser.until(lambda: is_live(browser), "the page to be live")
    browser.script("scrollTo(0, 500)")
    service.stop()
    service.listener.shutdown(2)
    browser.until(lambda: browser.text("#link").startswith("No answer. This is how it was "), "the loss to be said")
    assert browser.text("#said").startswith("No answer.")  # for who listens
    assert browser.text("#level") == "NONE"  # what was known last stays to be read
    assert browser.script("return getComputedStyle(document.querySelector('main')).filter") == "grayscale(1)"
    above, below = browser.script(
        "const {top, bottom} = document.getElementById('link').getBoundingClientRect(); return [top, bottom]"
    )
    assert 0 <= above < below < PHONE[1]  # wherever one has scrolled to
    assert browser.violations() == []


def test_a_phone_that_slept_does_not_show_what_was_as_what_is(browser: Browser, service: Service) -> None:
    browser.look_like(PHONE)
    browser.open(service.url + "/")
    browser.until(lambda: is_live(browser), "the page to be live")
    service.process.send_signal(signal.SIGSTOP)
    try:
        browser.script("const real = Date.now; Date.now = () => real() + 3 * 3600 * 1000")
        browser.until(lambda: "This is how it was 3 h 0 min ago" in browser.text("#link"), "the age to be said", 3)
    finally:
        service.process.send_signal(signal.SIGCONT)
    browser.script("document.dispatchEvent(new Event('visibilitychange'))")
    browser.until(lambda: is_live(browser), "the page to be live again")
    assert browser.text("#said") == "Live again. NONE: All watched units stand"


def test_a_service_that_is_restarted_is_found_again(browser: Browser, service: Service, tmp_path: Path) -> None:
    browser.look_like(DESKTOP)
    browser.open(service.url + "/")
    browser.until(lambda: is_live(browser), "the page to be live")
    service.stop()
    fleets.cascading(tmp_path)
    service.start()
    browser.until(lambda: browser.text("#level") == "CASCADING" and is_live(browser), "the page to be live again")


def test_a_service_that_hangs_is_not_called_live(browser: Browser, service: Service) -> None:
    browser.look_like(DESKTOP)
    browser.open(service.url + "/")
    browser.until(lambda: is_live(browser), "the page to be live")
    browser.script("const real = AbortSignal.timeout; AbortSignal.timeout = () => real.call(AbortSignal, 500)")
    look_again = "document.dispatchEvent(new Event('visibilitychange'))"
    service.process.send_signal(signal.SIGSTOP)
    try:
        browser.script(look_again)
        browser.until(lambda: browser.text("#link").startswith("No answer."), "the silence to be said")
    finally:
        service.process.send_signal(signal.SIGCONT)
    browser.script(look_again)
    browser.until(lambda: is_live(browser), "the page to be live again")


def test_a_tab_that_nobody_looks_at_lets_the_service_end(browser: Browser, tmp_path: Path) -> None:
    fleets.none(tmp_path)
    with Service(tmp_path, idle_limit_s=1) as service:
        browser.look_like(DESKTOP)
        browser.open(service.url + "/")
        browser.until(lambda: is_live(browser), "the page to be live")
        with pytest.raises(subprocess.TimeoutExpired):
            service.process.wait(2)  # while it is looked at, the service stays, though nothing is asked

        hide = "const wait = window.setTimeout; window.setTimeout = (act) => act();"
        hide += "Object.defineProperty(document, 'hidden', {value: true});"
        browser.script(hide + "document.dispatchEvent(new Event('visibilitychange')); window.setTimeout = wait")
        # A browser may hold a connection on which it has asked nothing: the service waits 15 s for it.
        assert service.process.wait(30) == 0


def test_it_works_with_the_keyboard_alone(browser: Browser, service: Service) -> None:
    browser.look_like(PHONE)
    browser.open(service.url + "/")
    browser.press(TAB)
    assert browser.script("return document.activeElement.className") == "skip"
    assert browser.script("return document.activeElement.offsetWidth") > 50  # it is seen once it has the focus
    browser.press(ENTER)
    assert browser.script("return document.activeElement.id") == "main"
    for _ in range(6):  # past the links to the sections
        browser.press(TAB)
    assert browser.script("return document.activeElement.textContent") == "main_app.service"
    outline = browser.script("return getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    browser.press(ENTER)
    browser.until(lambda: browser.text("h1") == "main_app.service", "the unit's own page")


def test_a_walk_through_many_pages_and_back_leaves_no_connection_behind(browser: Browser, service: Service) -> None:
    """A browser opens six to a host: the seventh page would wait for a minute."""
    browser.look_like(DESKTOP)
    browser.open(service.url + "/")
    for name in fleets.NEEDS:
        before_s = time.monotonic()
        browser.script("document.querySelector(arguments[0]).click()", f'#units a[href="/units/{name}.service"]')
        wait_for_page(browser, f"{name}.service")
        browser.script("history.back()")
        wait_for_page(browser, "All watched units stand")
        assert time.monotonic() - before_s < SOON_S


def test_without_scripts_it_is_the_same_page(browser: Browser, tmp_path: Path) -> None:
    fleets.cascading(tmp_path)
    with Service(tmp_path) as service:
        browser.look_like(PHONE, scripts=False)
        browser.open(service.url + "/")
        browser.look_like(PHONE)  # for asking what is there
        assert browser.text("#level") == "CASCADING"
        assert "This page loads itself again every 15 s." in browser.text("#link")
        assert "disk I/O error" in browser.text("#units")
        assert "UTC" in browser.text("#timeline")
        assert not browser.is_wider_than_the_screen()
