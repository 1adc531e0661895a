"""Stage ``feed``: how long readers wait while a writer posts a thousand transfers a second."""

import http.client
import json
import threading
import time

from measured import latency, one_client
from servers import HOST, Server
from setting import Setting

from experiments.common.results import Measure

EACH, A_SECOND = 50, 1000
REASONS = ["reasons", "groups"]


def measure(setting: Setting) -> list[Measure]:
    """Ask with one client, without and with a writer beside it."""
    count = 50 if setting.quick else 2000
    with setting.endpoint() as server:
        questions = setting.questions(server, "random", REASONS)
        alone = one_client(server, questions, count)
        writer = Writer(server, setting)
        writer.start()
        try:
            beside = one_client(server, questions, count)
        finally:
            written = writer.stop()
    return [
        *latency("feed: score and reasons, no writer", alone),
        *latency("feed: score and reasons beside the writer", beside, p99=10.0),
        Measure("feed: transfers acknowledged", written, "transfers/s", A_SECOND * 0.95, None,
                A_SECOND * 0.95, at_least=True),
    ]  # fmt: skip


class Writer(threading.Thread):
    """Posts transfers at an even rate, each post of fifty acknowledged before the next."""

    def __init__(self, server: Server, setting: Setting) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
        self._wallets = setting.wallets["random"]
        self._end = threading.Event()
        self._sent = 0
        self._begin = time.perf_counter()
        self._failure: Exception | None = None

    def run(self) -> None:
        """Post until told to stop."""
        self._begin = time.perf_counter()
        try:
            while not self._end.is_set():
                due = self._begin + self._sent / A_SECOND
                time.sleep(max(0.0, due - time.perf_counter()))
                self._post()
        except (OSError, RuntimeError) as error:
            self._failure = error

    def _post(self) -> None:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        transfers = [
            {
                "tx_id": f"feed-{self._sent + place}", "timestamp": now, "amount": "1.5",
                "sender": self._wallet(place), "recipient": self._wallet(place + 7), "asset": "eth",
            }
            for place in range(EACH)
        ]  # fmt: skip
        body = json.dumps({"transfers": transfers})
        self._connection.request(
            "POST", "/v1/transfers", body, {"Content-Type": "application/json"}
        )
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"the writer was answered {answer.status}: {said[:300]!r}")
        self._sent += EACH

    def _wallet(self, place: int) -> str:
        return self._wallets[(self._sent + 13 * place) % len(self._wallets)]

    def stop(self) -> float:
        """End, and say how many transfers a second were acknowledged."""
        self._end.set()
        self.join()
        if self._failure is not None:
            raise self._failure
        return self._sent / (time.perf_counter() - self._begin)
