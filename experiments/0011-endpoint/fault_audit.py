"""Faults of the audit: a server that is killed while it answers, and a disk that is full."""

import http.client
import json
import resource
import threading
import time
from pathlib import Path

from servers import HOST, Server
from setting import SCORE, Setting

from experiments.common.results import Measure
from serving.audit.segments import segments_of
from serving.audit.verify import verify

CLIENTS, SECONDS, ROOM = 8, 3.0, 300_000
SEED = 20261128


class Clients:
    """Threads that ask without a pause, and keep every answer that they got."""

    def __init__(self, server: Server, wallets: list[str]) -> None:
        self.kept: dict[str, bytes] = {}
        self.statuses: list[int] = []
        self._server, self._wallets = server, wallets
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait until all have ended."""
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        connection = http.client.HTTPConnection(HOST, self._server.port, timeout=60)
        headers = {"Content-Type": "application/json"}
        while not self._end.is_set():
            number += CLIENTS
            body = json.dumps({"wallet": self._wallets[number % len(self._wallets)]})
            try:
                connection.request("POST", SCORE, body, headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException):
                return  # the server is gone
            self.statuses.append(answer.status)
            if answer.status == http.client.OK:
                self.kept[json.loads(said)["id"]] = said


def faults(work: Path) -> list[Measure]:
    """Kill a server and fill its disk; count answers that were given and are not kept."""
    setting = Setting(work, SEED, quick=True)
    return [*_killed(setting, "strict"), *_killed(setting, "relaxed"), *_full(setting)]


def _killed(setting: Setting, mode: str) -> list[Measure]:
    own = setting.kept(f"killed-{mode}")
    with setting.endpoint(audit=mode, **own) as server:
        clients = Clients(server, setting.wallets["random"])
        time.sleep(SECONDS)
        server.kill()
        clients.stop()
    broken = verify(Path(own["audit_folder"])).broken is not None
    with setting.endpoint(audit=mode, **own) as server:
        lost = _lost(server, clients.kept)
    broken |= verify(Path(own["audit_folder"])).broken is not None
    name = f"fault: kill -9 while {len(clients.kept)} answers were given, audit {mode}"
    target = 0.0 if mode == "strict" else None
    return [
        Measure(f"{name}: answers that are not kept bit for bit", lost, "", target=target),
        Measure(f"{name}: chain broken", broken, "", target=0.0),
    ]


def _lost(server: Server, kept: dict[str, bytes]) -> int:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    lost = 0
    for id_, body in kept.items():
        connection.request("GET", f"/v1/scores/{id_}")
        lost += connection.getresponse().read() != body
    return lost


def _full(setting: Setting) -> list[Measure]:
    """Let files grow no further, as on a full disk, and then further again."""
    own = setting.kept("full")
    folder = Path(own["audit_folder"])
    with setting.endpoint(audit="strict", **own) as server:
        size = segments_of(folder)[-1].path(".jsonl").stat().st_size
        everything = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        clients = Clients(server, setting.wallets["random"])
        resource.prlimit(server.group, resource.RLIMIT_FSIZE, (size + ROOM, everything[1]))
        time.sleep(SECONDS)
        refused = sum(status == http.client.SERVICE_UNAVAILABLE for status in clients.statuses)
        resource.prlimit(server.group, resource.RLIMIT_FSIZE, everything)
        before = len(clients.kept)
        time.sleep(SECONDS)
        clients.stop()
        lost = _lost(server, clients.kept)
        other = [one for one in clients.statuses if one not in (200, 503)]
    name = "fault: full disk, audit strict"
    return [
        Measure(f"{name}: answers given that are not kept", lost, "", target=0.0),
        Measure(f"{name}: clients told 503", refused, "", target=1.0, at_least=True),
        Measure(f"{name}: answers of another status", len(other), "", target=0.0),
        Measure(f"{name}: answers after there was room", len(clients.kept) - before, "",
                target=1.0, at_least=True),
        Measure(f"{name}: chain broken", verify(folder).broken is not None, "", target=0.0),
    ]  # fmt: skip
