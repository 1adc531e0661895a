"""Run the endpoint and ask it one question through HTTP, as a client would."""

import http.client
import json
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from features.errors import RiskError
from serving.server import run
from serving.settings import Settings

SCORE = "/v1/wallets/score"
_TIMEOUT_S = 30


def serve_and_ask(
    settings: Settings,
    question: Mapping[str, Any],
    *,
    port: int,
    once: bool,
    show: Callable[[str, dict[str, Any]], None],
) -> None:
    """Serve on 127.0.0.1, and show the answer to one question.

    Parameters
    ----------
    settings : Settings
    question : mapping
        Body of :class:`serving.schemas.requests.ScoreRequest`.
    port : int
        0 lets the system choose.
    once : bool
        Stop after the answer; otherwise serve until SIGINT.
    show : callable
        Gets the URL and the answer.

    Raises
    ------
    RiskError
        The endpoint cannot start, or refuses the question.
    """

    def ask(url: str) -> None:
        answered = False
        try:
            show(url, post(url + SCORE, question))
            answered = True
        finally:
            if once or not answered:
                signal.raise_signal(signal.SIGINT)

    asked: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        run(settings, port=port, announce=lambda url: asked.append(pool.submit(ask, url)))
        for answer in asked:
            answer.result()


def post(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Send JSON and return the JSON that comes back.

    Raises
    ------
    RiskError
        The answer is a problem.
    """
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=_TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", place.path, json.dumps(body), headers)
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RiskError(f"{url} answered {response.status}: {answer.get('detail')}")
    return answer
