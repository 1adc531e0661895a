"""The client of the demo."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from features import RiskError
from serving.demo import post


class Echo(BaseHTTPRequestHandler):
    """Answers with what it got; refuses a body that says so."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = self.headers["Content-Type"]
        answer = json.dumps({"detail": "no", "path": self.path, "kind": kind, **body}).encode()
        self.send_response(422 if body.get("refuse") else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_post_sends_json(url: str) -> None:
    answer = post(url + "/v1/x", {"wallet": "w"})
    assert (answer["path"], answer["kind"], answer["wallet"]) == ("/v1/x", "application/json", "w")


def test_a_problem_is_raised_with_its_detail(url: str) -> None:
    with pytest.raises(RiskError, match="answered 422: no"):
        post(url, {"refuse": True})
