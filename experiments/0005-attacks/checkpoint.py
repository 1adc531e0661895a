"""Scores while a checkpoint runs, and the memory of its process.

python experiments/0005-attacks/checkpoint.py --ledger L --model M [--labels FILE] [--entries 50000]

The ledger's folder is copied first. One client asks for random wallets: before, while the journal
is folded into the folder, and after.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "experiments" / "0002-speed")]

from servers import HOST, free_port, serving  # noqa: E402 - its folder must be importable first

from experiments.common.processes import peak_mib  # noqa: E402
from features import Ledger  # noqa: E402

PART = 5_000  # transfers in one request
BEFORE_S = 8.0


class Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=300)

    def post(self, path: str, body: object) -> Any:
        """Answer of a request that must succeed."""
        self._connection.request(
            "POST", path, json.dumps(body), {"content-type": "application/json"}
        )
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(answer)
        return answer

    def scores(self, wallets: list[str], until: Callable[[], bool]) -> list[float]:
        """Milliseconds of each score until the time comes."""
        taken = []
        while not until():
            begin = time.perf_counter()
            self.post("/v1/wallets/score", {"wallet": random.choice(wallets)})
            taken.append(1_000 * (time.perf_counter() - begin))
        return taken


def tell(name: str, taken: list[float]) -> None:
    """Print the latencies of one phase."""
    ordered = sorted(taken)
    p50, p99 = (ordered[int(part * len(ordered))] for part in (0.5, 0.99))
    print(
        f"{name}: {len(ordered)} scores, p50 {p50:.2f} ms, p99 {p99:.2f} ms, {ordered[-1]:.1f} max"
    )


def fill(client: Client, wallets: list[str], entries: int) -> None:
    """Put transfers into the journal."""
    now = datetime.now(UTC).isoformat()
    begin = time.perf_counter()
    for start in range(0, entries, PART):
        transfers = [
            {
                "tx_id": f"new{number}", "timestamp": now, "amount": 1.5, "asset": "eth",
                "sender": random.choice(wallets), "recipient": random.choice(wallets),
            }
            for number in range(start, min(start + PART, entries))
        ]  # fmt: skip
        client.post("/v1/transfers", {"transfers": transfers})
    print(f"{entries} transfers sent in {time.perf_counter() - begin:.1f} s")


def watch(peak: list[float], over: Callable[[], bool]) -> None:
    """Note the peak memory of the process that folds."""
    while not over():
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if b"serving.fold" in (place / "cmdline").read_bytes():
                    peak.append(peak_mib(int(place.name)))
            except (OSError, ValueError):
                continue
        time.sleep(0.1)


def measure(client: Client, other: Client, wallets: list[str]) -> None:
    """Scores before, during and after a checkpoint."""
    start = time.perf_counter()
    tell("before", client.scores(wallets, lambda: time.perf_counter() - start > BEFORE_S))
    made: list[Any] = []
    peak: list[float] = [0.0]
    threads = [
        threading.Thread(target=lambda: made.append(other.post("/v1/checkpoint", {}))),
        threading.Thread(target=watch, args=(peak, lambda: bool(made))),
    ]
    for thread in threads:
        thread.start()
    tell("during", client.scores(wallets, lambda: bool(made)))
    for thread in threads:
        thread.join()
    print(f"checkpoint: {made[0]}, its process at most {max(peak):.0f} MiB")
    start = time.perf_counter()
    tell("after", client.scores(wallets, lambda: time.perf_counter() - start > BEFORE_S))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--entries", type=int, default=50_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder, port = Path(work) / "ledger", free_port()
        shutil.copytree(arguments.ledger, folder)
        known = ["--labels", str(arguments.labels)] if arguments.labels else []
        command = [
            sys.executable, str(ROOT / "walletrisk.py"), "serve", "--no-keys",
            "--ledger", str(folder),
            "--model", str(arguments.model), "--port", str(port), *known,
        ]  # fmt: skip
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "WALLETRISK_CHECKPOINT_ROWS": "9999999",
        }
        opened = Ledger.open(folder)
        wallets = [opened.wallet(code) for code in random.sample(range(opened.n_wallets), 5_000)]
        log = Path(work) / "log"
        for entries in (arguments.entries, 0):  # started again to time the start
            with serving(
                command, port=port, ready="/readyz", env=environment, log=log, limit_s=300
            ) as server:
                print(f"started in {server.start_s:.1f} s")
                client = Client(port)
                if entries:
                    fill(client, wallets, entries)
                else:
                    measure(client, Client(port), wallets)
        with serving(
            command, port=port, ready="/readyz", env=environment, log=log, limit_s=300
        ) as server:
            print(f"started in {server.start_s:.1f} s, the journal folded")


if __name__ == "__main__":
    main()
