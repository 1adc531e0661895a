"""The desk as people use it: in a browser, by mouse, by keys alone, and by a screen reader."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from serving import create_app
from serving.access import keys
from serving.access.caller import Scope
from serving.records import Records
from tests.serving.conftest import World, settings
from tests.serving.desk.browser import FOUND, Page, browsing
from tests.serving.desk.conftest import AS_OF, HOSTILE, SANCTIONED

pytestmark = pytest.mark.skipif(FOUND is None, reason="there is no Chromium here: apt install it")
AXE = Path(__file__).parents[2] / "nodes" / "node_modules" / "axe-core" / "axe.min.js"
Look = Callable[..., Page]


@pytest.fixture(scope="module")
def server(hostile: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of a desk that asks for keys, and a key."""
    folder = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{folder / 'records.sqlite'}"
    records = Records(url)
    key, _ = keys.create(records, "Ann", (Scope.SCORE, Scope.REVIEW))
    records.close()
    app = create_app(settings(hostile, folder, no_keys=False, records=url))
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.02)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", key
    running.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser(server: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser that signed in, by keys alone."""
    with browsing(tmp_path_factory.mktemp("profile")) as page:
        page("Page.navigate", url=server[0])
        page.wait("document.querySelector('[name=key]')")
        assert page.js("document.activeElement.name") == "key"
        page.write(server[1])
        page.key("Enter")
        page.wait("document.querySelector('[name=wallet]')")
        page.errors.clear()  # the 401 that asked for the key
        yield page


@pytest.fixture
def look(server: tuple[str, str], browser: Page) -> Look:
    """Look a wallet up by keys alone; what went wrong in between fails the test."""

    def looked(wallet: str, as_of: str = AS_OF, **size: Any) -> Page:
        browser.look(**({"width": 1280, "height": 900} | size))
        browser.open(server[0])
        browser.wait("document.activeElement.name === 'wallet'")
        browser.write(wallet)
        browser.key("Tab")
        browser.wait("document.activeElement.name === 'as_of'")
        browser.write(as_of)
        browser.key("Enter")
        browser.wait("location.pathname.startsWith('/cases/')")
        browser.settled()
        return browser

    browser.errors.clear()
    browser.requests.clear()
    return looked


def in_order(page: Page) -> list[float]:
    """x of the view of the graph, its y, and its width."""
    box = page.js("document.querySelector('[data-trail]').getAttribute('viewBox')")
    return [float(number) for number in box.split()]


def test_a_page_loads_without_an_error_or_a_request_elsewhere(
    look: Look, server: tuple[str, str]
) -> None:
    for wallet in ("w1", SANCTIONED, HOSTILE, "nobody"):
        page = look(wallet)
        assert page.js("document.querySelectorAll('script:not([src])').length") == 0
        assert page.js("window.alerted") is None
    assert page.errors == []
    assert [url for url in page.requests if not url.startswith(server[0])] == []


def test_a_click_follows_and_a_button_leads_back(look: Look) -> None:
    page = look("w1")
    name = page.js("document.querySelectorAll('g[data-follow]')[0].dataset.follow")
    page.click("g[data-follow]")
    page.wait(f"document.querySelector('#trail .crumbs')?.textContent.includes({name!r})")
    assert page.js("document.activeElement.dataset.node") == "0"
    page.click("#trail button[data-follow]")
    page.wait("!document.querySelector('#trail .crumbs')")
    assert page.errors == []


def test_a_drag_moves_the_graph_and_follows_nothing(look: Look) -> None:
    page = look("w1")
    page.js("document.querySelector('[data-trail]').scrollIntoView({block: 'center'})")
    x, y = page.js(
        "(() => {const b = document.querySelectorAll('g[data-follow] rect')[0]"
        ".getBoundingClientRect(); return [b.x + 20, b.y + 20]})()"
    )
    before = in_order(page)
    for kind, by in (("mousePressed", 0), ("mouseMoved", 30), ("mouseMoved", 60)):
        page("Input.dispatchMouseEvent", type=kind, x=x + by, y=y, button="left", buttons=1,
             clickCount=1)  # fmt: skip
    page("Input.dispatchMouseEvent", type="mouseReleased", x=x + 60, y=y, button="left",
         clickCount=1)  # fmt: skip
    after = in_order(page)
    assert after[0] < before[0] - 10
    assert after[2] == pytest.approx(before[2])
    assert page.js("document.querySelector('#trail .crumbs')") is None


def test_buttons_zoom_and_fit(look: Look) -> None:
    page = look("w1")
    whole = in_order(page)[2]
    page.click("[data-zoom=in]")
    assert in_order(page)[2] == pytest.approx(whole / 1.3, rel=0.01)
    page.click("[data-zoom=out]")
    page.click("[data-zoom=out]")
    assert in_order(page)[2] > whole
    page.click("[data-zoom=fit]")
    left, _, width, _ = [float(x) for x in page.js(
        "document.querySelector('[data-trail]').dataset.limits").split()]  # fmt: skip
    x, _, shown, _ = in_order(page)
    assert x <= left
    assert x + shown >= left + width


def test_the_graph_is_walked_and_followed_by_keys(look: Look) -> None:
    page = look("w1")
    page.js("document.querySelector('[data-node]').focus()")
    columns = []
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.key(key)
        columns.append(int(page.js("document.activeElement.dataset.column")))
    assert columns[:3] == [-1, 0, 1]
    assert page.js("document.querySelectorAll('[data-node][tabindex=\"0\"]').length") == 1
    name = page.js("document.activeElement.dataset.follow")
    page.key("Enter")
    page.wait(f"document.querySelector('#trail .crumbs')?.textContent.includes({name!r})")


def test_reasons_open_by_keys(look: Look) -> None:
    page = look("w1")
    page.js("document.querySelector('.fall summary').focus()")
    page.key("Enter")
    assert page.js("document.querySelector('.fall details').open")
    assert page.js("document.querySelector('.fall details table').getBoundingClientRect().height")


def test_focus_is_seen_wherever_it_goes(look: Look) -> None:
    page = look("w1")
    page.js("document.querySelector('.home').focus()")
    seen = set()
    for _ in range(14):
        page.key("Tab")
        outline = page.js(
            "(() => {const one = document.activeElement, s = getComputedStyle(one);"
            "return [one.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]})()"
        )
        seen.add(outline[0])
        assert outline[1] == "solid", outline
        assert outline[2] >= 2
    assert {"INPUT", "BUTTON", "SUMMARY"} <= seen


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out(look: Look, width: int) -> None:
    page = look("w1", width=width, height=800)
    assert page.js("document.documentElement.scrollWidth") <= width


def test_a_session_that_ended_is_said_in_the_parts(look: Look, browser: Page) -> None:
    page = look("w1")
    cookies = browser("Network.getCookies")["cookies"]
    browser("Network.clearBrowserCookies")
    page.js("document.querySelector('g[data-follow]').dispatchEvent(new MouseEvent('click'))")
    page.wait("document.querySelector('#trail')?.textContent.includes('session has ended')")
    (cookie,) = cookies
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["session"] is False
    told = {name: cookie[name] for name in ("name", "value", "domain", "path", "httpOnly")}
    browser("Network.setCookie", sameSite="Strict", **told)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: make nodes")
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(look: Look, server: tuple[str, str], dark: bool) -> None:
    found: dict[str, list[str]] = {}
    asked = (("w1", 1280), (SANCTIONED, 400), ("nobody", 1280))
    for wallet, width in asked[1:2] if dark else asked:
        page = look(wallet, width=width, height=900, dark=dark)
        page.js("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        page.js(AXE.read_text(encoding="utf-8"))  # by the debugger, which no policy binds
        told = page.js(
            "axe.run().then((r) => JSON.stringify(r.violations.map((v) => "
            "[v.id, v.nodes.map((n) => n.html.slice(0, 120) + n.failureSummary)])))"
        )
        for rule, nodes in json.loads(told):
            found.setdefault(rule, []).extend(nodes[:3])
    assert found == {}
