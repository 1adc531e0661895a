"""Headless Chromium, driven through the DevTools protocol by a pipe: no driver, no port."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOUND = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_S = 30.0
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-extensions", "--mute-audio",
    "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip


class Page:
    """One tab: what it shows, what it was told, and what it asked for."""

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive = send, receive
        self._left = b""
        self._number = 0
        self._session: str | None = None
        self.errors: list[str] = []
        self.requests: list[str] = []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        attached = self("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self(f"{domain}.enable")
        self.look(1280, 900)

    def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        """Give one command, and wait for what it returns."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        number = self._number
        while True:
            told = self._next(PATIENCE_S)
            if told.get("id") == number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                answer: dict[str, Any] = told["result"]
                return answer

    def open(self, url: str) -> None:
        """Go to an address, and wait until all of it is there."""
        self("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")
        self.settled()

    def settled(self) -> None:
        """Wait until the parts that a page asks for later are there."""
        self.wait(
            "document.readyState === 'complete'"
            " && ![...document.querySelectorAll('[data-load]')].some(p => p.ariaBusy !== 'false')"
        )

    def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the window's size and colours; nothing moves."""
        self(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=width < 600,
        )  # fmt: skip
        scheme = "dark" if dark else "light"
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self("Emulation.setEmulatedMedia", features=features)

    def js(self, expression: str) -> Any:
        """What an expression is."""
        told = self(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in told:
            raise RuntimeError(f"{expression}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until a condition holds, also over pages."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if self.js(f"Boolean({condition})"):
                    return
            except RuntimeError:  # the page went away meanwhile
                pass
            time.sleep(0.03)
        raise TimeoutError(condition)

    def key(self, key: str, text: str = "") -> None:
        """Press a key."""
        codes = {"Enter": 13, "Tab": 9, " ": 32, "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40}
        more = {"windowsVirtualKeyCode": codes.get(key, 0), "key": key, "code": key}
        typed = text or ("\r" if key == "Enter" else "")
        if typed:
            more["text"] = typed
        self("Input.dispatchKeyEvent", type="keyDown" if typed else "rawKeyDown", **more)
        self("Input.dispatchKeyEvent", type="keyUp", **more)

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        self("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click into the middle of an element, as a hand does."""
        self.js(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        x, y = self.js(
            f"(() => {{const b = document.querySelector({selector!r}).getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]})()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def shot(self, path: Path, *, full: bool = True) -> None:
        """Take a picture."""
        taken = self("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        path.write_bytes(base64.b64decode(taken["data"]))

    def _next(self, patience_s: float) -> dict[str, Any]:
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._receive], [], [], patience_s)
            if not ready:
                raise TimeoutError("the browser says nothing")
            read = os.read(self._receive, 1 << 20)
            if not read:
                raise RuntimeError("the browser has ended")
            self._left += read
        message, _, self._left = self._left.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        self._note(told)
        return told

    def _note(self, told: dict[str, Any]) -> None:
        method, params = told.get("method"), told.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.errors.append(str(params["args"]))


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser with a profile of its own in a folder; it ends with the context."""
    assert FOUND is not None
    to_browser, send = os.pipe()
    receive, from_browser = os.pipe()
    # Chromium reads 3 and writes 4; the shell brings ours there
    command = [
        "bash", "-c", 'exec "$@" 3<&"$READ" 4>&"$WRITE"', "bash",
        FOUND, *_FLAGS, f"--user-data-dir={folder}", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "READ": str(to_browser), "WRITE": str(from_browser)},
    )  # fmt: skip
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Page(send, receive)
    finally:
        process.terminate()
        process.wait(20)
        os.close(send)
        os.close(receive)
