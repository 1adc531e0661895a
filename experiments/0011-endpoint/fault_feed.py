"""Faults of the feed: a server killed between writing and answering, and while it tells of wallets.

What is sent has a key, and is sent again with it until it is answered, as a client should.
"""

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from servers import HOST, Server
from setting import SCORE, Setting

from experiments.common.results import Measure
from features import Ledger

KILLS, SECONDS, WATCHED = 3, 2.0, 40
SEED = 20261129
QUICK = {
    "webhook_networks": "127.0.0.0/8", "webhook_timeout_s": "1", "watch_debounce_s": "0.05",
}  # fmt: skip


class Receiver:
    """Takes webhooks, and forgets every third answer."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()
        self.wallets: set[str] = set()
        came = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                came.ids[self.headers["webhook-id"]] += 1
                came.wallets.add(body["data"]["wallet"]["address"])
                if came.ids.total() % 3:
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://{HOST}:{self.server.server_port}/hooks"


class Feeder:
    """Sends transfers and labels one after the other; what is not answered is sent again."""

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.transfers = 0
        self.labelled: list[str] = []
        self.other: list[int] = []
        self._left: tuple[str, bytes, str] | None = None

    def send(self, server: Server, end: threading.Event) -> None:
        """Send until the server is gone or told to end."""
        connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
        while not end.is_set():
            self._left = self._left or self._next()
            path, body, key = self._left
            headers = {"Content-Type": "application/json", "Idempotency-Key": key}
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status != http.client.OK:
                self.other.append(answer.status)
            self._left = None

    def _next(self) -> tuple[str, bytes, str]:
        key = uuid.uuid4().hex
        if self.transfers % 5 == 4 and len(self.labelled) < WATCHED:
            wallet = f"watched{len(self.labelled)}"
            self.labelled.append(wallet)
            self.transfers += 1
            said = {"labels": [{"wallet": wallet, "label": "illicit", "category": "scam"}]}
            return "/v1/labels", json.dumps(said).encode(), key
        self.transfers += 1
        sent = {
            "tx_id": f"fed{self.transfers}", "timestamp": "2024-12-01T00:00:00Z", "sender": "payer",
            "recipient": "counted", "amount": "1", "asset": self.asset,
        }  # fmt: skip
        return "/v1/transfers", json.dumps({"transfers": [sent]}).encode(), key


def faults(work: Path) -> list[Measure]:
    """Kill a server that is fed and tells of wallets; count what was lost or done twice."""
    setting = Setting(work, SEED, quick=True)
    own = setting.kept("fed") | QUICK
    receiver, watched = Receiver(), [f"watched{n}" for n in range(WATCHED)]
    feeder = Feeder(Ledger.open(setting.ledger).unit)
    for kill in range(KILLS + 1):
        with setting.endpoint(**own) as server:
            if kill == 0:
                body = json.dumps({"wallets": watched, "callback": receiver.url}).encode()
                server.ask("PUT", "/v1/watch/lists/all", body).told()
            end = threading.Event()
            sending = threading.Thread(target=feeder.send, args=(server, end))
            sending.start()
            time.sleep(SECONDS)
            if kill < KILLS:
                server.kill()
            end.set()
            sending.join()
            if kill == KILLS:
                end.clear()
                _settle(server, receiver, feeder)
                body = json.dumps({"wallet": "counted"}).encode()
                scored = server.ask("POST", SCORE, body).told()
    receiver.server.shutdown()
    return _measures(scored, receiver, feeder)


def _settle(server: Server, receiver: Receiver, feeder: Feeder) -> None:
    patience = time.monotonic() + 60
    while set(feeder.labelled) - receiver.wallets and time.monotonic() < patience:
        time.sleep(0.5)


def _measures(scored: dict[str, Any], receiver: Receiver, feeder: Feeder) -> list[Measure]:
    name = f"fault: {KILLS} kills -9 while transfers, labels and webhooks were under way"
    sent = feeder.transfers - len(feeder.labelled)
    held = scored["coverage"]["transfers_in"]
    untold = set(feeder.labelled) - receiver.wallets
    return [
        Measure(f"{name}: transfers sent", sent, "", target=1.0, at_least=True),
        Measure(f"{name}: transfers lost or doubled", abs(sent - held), "", target=0.0),
        Measure(f"{name}: answers other than 200", len(feeder.other), "", target=0.0),
        Measure(f"{name}: labelled wallets that no webhook told", len(untold), "", target=0.0),
        Measure(f"{name}: webhooks", len(receiver.ids), ""),
        Measure(f"{name}: webhooks that came again", receiver.ids.total() - len(receiver.ids), ""),
    ]
