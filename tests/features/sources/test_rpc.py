"""JSON-RPC against a server that behaves as badly as public nodes do."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from features import SourceError
from features.sources import web
from features.sources.rpc import JsonRpc, RpcError
from features.sources.web import UnreachableError, Web

Answer = tuple[int, str]
CALLS = [("echo", [number]) for number in range(7)]


@contextmanager
def server(answer: Callable[[Any, dict[str, str]], Answer]) -> Iterator[str]:
    """A server that answers a parsed body, and the headers it came with."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, said = answer(body, dict(self.headers))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PAUSES_S", (0.0, 0.0))


def echo(body: Any) -> Any:
    if isinstance(body, list):
        return [echo(one) for one in body]
    return {"jsonrpc": "2.0", "id": body["id"], "result": body["params"][0]}


def test_a_batch_may_be_answered_in_any_order() -> None:
    with server(lambda body, _: (200, json.dumps(echo(body)[::-1]))) as host:
        assert JsonRpc(f"http://{host}").all(CALLS) == list(range(7))


def test_a_batch_that_is_too_large_is_halved() -> None:
    sizes: list[int] = []

    def at_most_two(body: Any, _: Any) -> Answer:
        sizes.append(len(body))
        too_many = isinstance(body, list) and len(body) > 2
        refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "too many"}}
        return 200, json.dumps(refusal if too_many else echo(body))

    with server(at_most_two) as host:
        assert JsonRpc(f"http://{host}").all(CALLS) == list(range(7))
    assert sizes[0] == 7


def test_an_error_stands_in_its_place_and_names_the_call() -> None:
    def some(body: Any, _: Any) -> Answer:
        answers = echo(body)
        answers[2] |= {"result": None, "error": {"code": -32601, "message": "no such method"}}
        return 200, json.dumps(answers[:5])  # and two are not answered

    with server(some) as host:
        rpc = JsonRpc(f"http://{host}/secret-key")
        results = rpc.results(CALLS)
        assert [results[at] for at in (0, 1, 3, 4)] == [0, 1, 3, 4]
        assert isinstance(results[2], RpcError)
        assert results[2].code == -32601
        assert str(results[2]) == f"node {host}: echo(2): no such method"
        assert "no result" in str(results[6])
        with pytest.raises(RpcError, match="no such method"):
            rpc.all(CALLS)


def test_a_server_that_is_overloaded_is_asked_again() -> None:
    statuses = iter([503, 429, 200])
    with server(lambda body, _: (next(statuses), json.dumps(echo(body)))) as host:
        assert JsonRpc(f"http://{host}").call("echo", 5) == 5


def test_a_refusal_with_a_reason_is_an_answer() -> None:
    asked: list[Any] = []

    def refuse(body: Any, _: Any) -> Answer:
        asked.append(body)
        return 500, json.dumps({"result": None, "error": {"code": -8, "message": "too high"}})

    with server(refuse) as host, pytest.raises(RpcError, match="too high"):
        JsonRpc(f"http://{host}").call("getblockhash", 10**9)
    assert len(asked) == 1


def test_a_name_and_password_are_sent_and_never_said() -> None:
    seen: list[str] = []

    def answer(body: Any, headers: dict[str, str]) -> Answer:
        seen.append(headers["Authorization"])
        return 200, "no json"

    with server(answer) as host, pytest.raises(UnreachableError) as caught:
        JsonRpc(f"http://me:p%40ss@{host}/key").call("echo", 1)
    assert seen == ["Basic bWU6cEBzcw=="]
    assert str(caught.value) == f"{host} answered HTTP 200 and no JSON"


def test_nobody_there_is_said_without_the_key() -> None:
    with pytest.raises(UnreachableError, match=r"^127.0.0.1:1 cannot be reached: .*refused"):
        Web("http://127.0.0.1:1/key").post({})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "localhost:8545", "ftp://x", "http://"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(SourceError, match="begins with http:// or https:// and names a host"):
        Web(url)


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(SourceError, match="a port that is none"):
        Web("http://localhost:port")
