"""A receiver of webhooks on this machine, which answers as it is told."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Webhook(NamedTuple):
    """What came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data


class Receiver:
    """Keeps what comes; ``answers`` are statuses, or what to do, one after the other, then 204."""

    def __init__(self, *answers: int | Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.came: list[Webhook] = []
        left = list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805
                body = handler.rfile.read(int(handler.headers["content-length"]))
                headers = {name.lower(): value for name, value in handler.headers.items()}
                self.came.append(Webhook(handler.path, headers, body))
                answer = left.pop(0) if left else 204
                if not isinstance(answer, int):
                    answer(handler)
                    return
                handler.send_response(answer)
                if answer // 100 == 3:
                    handler.send_header("location", f"{self.url}/elsewhere")
                handler.end_headers()

            def log_message(handler, *_: Any) -> None:  # noqa: N805
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, count: int) -> list[Webhook]:
        until(lambda: len(self.came) >= count)
        return self.came


def until(true: Callable[[], object], patience_s: float = 20.0) -> None:
    """Wait for something; it fails when it takes too long."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
