"""One client against the others: `python experiments/0005-attacks/limits.py`.

``--tree`` names a checkout of another release, which is attacked in the same way; its figures are
told apart by ``--release``. ``--quick`` uses tiny sizes; nothing to quote. Linux only.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

# the repository must be importable first
import limits_clients as clients  # noqa: E402

from experiments.common.processes import ROOT  # noqa: E402
from experiments.common.results import Measure, write_result  # noqa: E402

RESULT = HERE / "limits.json"
SEED = 20261127
LIMIT_S = 90.0
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each attack."""

    batches: int = 40
    batch_wallets: int = 1_000
    bulk: int = 4
    bodies: int = 120
    body_bytes: int = 8 * MIB - 1
    sockets: int = 300
    leavers: int = 100
    hostile: int = 21_344


QUICK = Size(batches=4, batch_wallets=60, bulk=1, bodies=20, leavers=10, hostile=400)


class Served:
    """A release that serves its own demo, in a process of its own."""

    def __init__(self, tree: Path, work: Path, *, files: int | None = None) -> None:
        model = next(work.glob("demo/mlartifacts/models/*/artifacts/data/model"))
        self.log = work / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "walletrisk.py", "serve", "--no-keys", "--port", "0",
                    "--ledger", str(work / "demo/ledger"), "--model", str(model),
                    "--labels", str(work / "demo/labels.parquet"),
                ],
                cwd=tree, env=_environment(tree, work),
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        if files is not None:
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (files, files))
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said.startswith("serving on"):
            raise RuntimeError(self.log.read_text())
        self.port = int(said.rpartition(":")[2])

    def memory_mib(self) -> float:
        """Resident memory now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096 / MIB

    def cpu_s(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, how: signal.Signals = signal.SIGKILL) -> tuple[float, int]:
        """Seconds until it had ended, and its exit code; after LIMIT_S it is killed."""
        begin = time.perf_counter()
        self.process.send_signal(how)
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.perf_counter() - begin, self.process.returncode


def _environment(tree: Path, work: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WALLETRISK_", "MLFLOW_"))}
    journal = f"sqlite:///{work / 'journal.sqlite'}"
    return {**kept, "PYTHONPATH": str(tree), "WALLETRISK_JOURNAL": journal}


@contextmanager
def served(tree: Path, work: Path, *, files: int | None = None) -> Iterator[Served]:
    started = Served(tree, work, files=files)
    try:
        yield started
    finally:
        started.end()


def loads(server: Served, wallets: list[str], size: Size) -> list[Measure]:
    """How long a score waits behind each kind of load."""
    port, asset = server.port, "SIM"
    many = (wallets * size.batch_wallets)[: size.batch_wallets]
    bulk = [
        clients.transfers_body(asset, 10_000, start=(number + 1) << 32)
        for number in range(size.bulk)
    ]
    keys = b",".join(b'"%x":0' % number for number in range(700_000))
    kinds: dict[str, list[Callable[[], object]]] = {
        "nothing": [lambda: time.sleep(2)],
        f"{size.batches} batches of {size.batch_wallets}": [
            lambda: clients.post(port, clients.BATCH, clients.batch_body(many), limit_s=LIMIT_S)
        ] * size.batches,
        f"{size.bulk} bodies of 10,000 transfers": [
            partial(clients.post, port, clients.TRANSFERS, body) for body in bulk
        ],
        "100 traces": [
            partial(clients.post, port, clients.TRACE, clients.score_body(wallet))
            for wallet in (wallets * 100)[:100]
        ],
        "7 MB of unknown keys": [
            lambda: clients.post(port, clients.TRANSFERS, b'{"transfers":[],' + keys + b"}")
        ],
        "8 MB of zeros": [
            lambda: clients.post(port, clients.BATCH, b'{"items":[' + b"0," * 4_000_000 + b"0]}")
        ],
    }  # fmt: skip
    measures = []
    for kind, tasks in kinds.items():
        with clients.scoring(port) as waits:
            clients.together(tasks)
        name = f"a score behind {kind}"
        measures.append(Measure(f"{name}, p50", waits.quantile(0.5), "ms"))
        measures.append(Measure(f"{name}, p99", waits.quantile(0.99), "ms"))
        measures.append(Measure(f"{name}, longest", max(waits.ms), "ms", target=100.0))
        measures.append(Measure(f"{name}, not answered", waits.failed, "scores", target=0.0))
    return measures


def gone(server: Served, wallets: list[str], size: Size) -> Measure:
    """Processor time that is spent for clients that have gone."""
    many = (wallets * size.batch_wallets)[: size.batch_wallets]
    body = clients.batch_body(many)
    left = [
        clients.bare(server.port, clients.head(len(body), clients.BATCH) + body) for _ in range(8)
    ]
    time.sleep(1)
    for one in left:
        one.close()
    time.sleep(0.5)
    before = server.cpu_s()
    time.sleep(3)
    return Measure(
        "work in the 3 s after 8 batches' clients have gone", server.cpu_s() - before, "s"
    )


def half_sent(server: Served, size: Size) -> list[Measure]:
    """Memory that bodies hold which never end, and a score beside them."""
    before = server.memory_mib()
    piece = b" " * (size.body_bytes - 1)
    held = []
    for _ in range(size.bodies):
        connection = clients.bare(server.port, clients.head(size.body_bytes))
        connection.settimeout(0.5)
        with suppress(OSError):
            connection.sendall(piece)
        held.append(connection)
    grown = server.memory_mib() - before
    status, _ = clients.post(server.port, clients.SCORE, clients.score_body("w"), limit_s=10)
    for connection in held:
        connection.close()
    name = f"{size.bodies} half-sent bodies of 8 MB"
    return [
        Measure(f"{name}, memory", grown, "MiB", target=150.0),
        Measure(f"{name}, a score is answered", status == 200, "", target=1.0, at_least=True),
    ]  # fmt: skip


def stalled(server: Served) -> Measure:
    """How long a connection is kept that says nothing."""
    begin = time.perf_counter()
    with clients.bare(server.port) as connection:
        connection.settimeout(LIMIT_S / 3)
        with suppress(OSError):
            connection.recv(1)
    return Measure("a silent connection is kept for", time.perf_counter() - begin, "s", target=15.0)


def leavers(server: Served, size: Size) -> list[Measure]:
    """What is counted and logged of clients that leave inside their body."""
    for _ in range(size.leavers):
        clients.bare(server.port, clients.head(1_000) + b"{").close()
    time.sleep(1)
    _, _, text = clients.get(server.port, "/metrics")
    counted = sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("walletrisk_requests_total") and 'outcome="500"' in line
    )
    traces = server.log.read_text().count("Traceback")
    name = f"{size.leavers} clients that leave inside their body"
    return [
        Measure(f"{name}, counted as 500", counted, "requests", target=0.0),
        Measure(f"{name}, tracebacks", traces, "", target=0.0),
    ]


def answers(server: Served, size: Size) -> list[Measure]:
    """What hostile requests and foreign hosts are answered."""
    statuses = clients.hostile(server.port, size.hostile, seed=SEED)
    bad = sum(count for status, count in statuses.items() if status >= 500)
    status, _, _ = clients.get(server.port, "/livez", Host="evil.example")
    _, headers, _ = clients.get(server.port, "/livez")
    safe = "nosniff" in headers.get("x-content-type-options", "") and "server" not in headers
    return [
        Measure("hostile requests", sum(statuses.values()), "requests"),
        Measure("hostile requests answered with 5xx", bad, "requests", target=0.0),
        Measure("a foreign host is answered with", status, "status", target=421.0, at_least=True),
        Measure("nosniff, no-store and no banner", safe, "", target=1.0, at_least=True),
    ]


def few_files(tree: Path, work: Path, size: Size) -> Measure:
    """Whether a client is answered beside more silent sockets than there are files."""
    with served(tree, work, files=256) as server:
        silent = []
        for _ in range(size.sockets):
            try:
                silent.append(clients.bare(server.port))
            except OSError:
                break
        time.sleep(0.5)
        try:
            status, _, _ = clients.get(server.port, "/readyz", limit_s=5)
        except OSError:
            status = 0
        for one in silent:
            one.close()
    name = f"{size.sockets} silent sockets at 256 files: another client is answered"
    return Measure(name, status == 200, "", target=1.0, at_least=True)


def ending(tree: Path, work: Path) -> list[Measure]:
    """How SIGTERM ends beside clients that stall."""
    with served(tree, work) as server:
        held = [clients.bare(server.port, clients.head(1_000) + b"{") for _ in range(5)]
        time.sleep(0.5)
        seconds, code = server.end(signal.SIGTERM)
        for one in held:
            one.close()
    return [
        Measure("SIGTERM beside 5 stalled clients, until it has ended", seconds, "s", target=15.0),
        Measure("SIGTERM beside 5 stalled clients, exit code", abs(code), "", target=0.0),
    ]


def attack(tree: Path, work: Path, size: Size) -> list[Measure]:
    """All measures of one release."""
    subprocess.run(
        [sys.executable, "walletrisk.py", "demo", "--exit", "--dir", str(work / "demo")],
        cwd=tree, env=_environment(tree, work), check=True, capture_output=True,
    )  # fmt: skip
    wallets = clients.WALLETS
    with served(tree, work) as server:
        measures = loads(server, wallets, size)
        measures.append(gone(server, wallets, size))
    with served(tree, work) as server:
        measures += leavers(server, size)
        measures += answers(server, size)
        measures.append(stalled(server))
        measures += half_sent(server, size)
    measures.append(few_files(tree, work, size))
    return measures + ending(tree, work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT, help="checkout of the release")
    parser.add_argument("--release", default="", help="name of its figures")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = attack(arguments.tree.resolve(), Path(folder), QUICK if arguments.quick else Size())
    opening = f"{arguments.release}: " if arguments.release else ""
    named = [replace(one, name=opening + one.name) for one in found]
    for one in named:
        print(f"{one.name}: {one.value:.4g} {one.unit}{'' if one.met is not False else '  MISSED'}")
    if not arguments.quick:
        command = "python experiments/0005-attacks/limits.py"
        write_result(RESULT, named, command=command, seeds=[SEED])


if __name__ == "__main__":
    main()
