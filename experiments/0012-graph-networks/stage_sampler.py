"""What drawing costs: subgraphs of 1,024 rows of a mapped ledger of five million transfers.

Processor time of one thread, so that what else the machine does tells less; it still slows memory.
The ledger is kept in the folder of the work, and asked about wallets drawn evenly at instants of
its later half.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.common.results import Measure
from experiments.common.synthetic import Sizes, generate, labels
from features import Ledger
from features.kernel import Int32s, Int64s
from features.past import Past, label_events, past_of
from features.subgraphs import Subgraphs, known_labels, node_rows, recent_transfers, subgraphs
from training.models.graph_network import NODE_VIEWS

FAN_OUT, STEPS, SEED = (16, 8), 32, 0
ROWS, REPEATS = 1024, 25
TARGET_MS = 15.0


def setting(work: Path, *, quick: bool) -> tuple[Ledger, Callable[[int, int], Past]]:
    """The ledger, mapped, and what asks it about n rows that are drawn with a seed."""
    synthetic = generate(SEED, Sizes(transfers=20_000, wallets=2_000) if quick else Sizes())
    folder = work / ("sampler-quick" if quick else "sampler")
    if not folder.exists():
        Ledger.from_transfers(synthetic.transfers.to_pandas()).save(folder)
    ledger = Ledger.open(folder)
    known = label_events(ledger, labels(synthetic, n_licit=300 if quick else 4000, seed=SEED))

    def asked(rows: int, seed: int) -> Past:
        return past_of(ledger, *drawn_rows(ledger, rows, seed), known)

    return ledger, asked


def drawn_rows(ledger: Ledger, rows: int, seed: int) -> tuple[Int32s, Int64s]:
    """Codes of wallets drawn evenly, and instants of the later half."""
    times, rng = ledger.sides.outgoing.time, np.random.default_rng(seed)
    first, last = int(times.min()), int(times.max())
    wallets = rng.integers(0, ledger.n_wallets, rows).astype(np.int32)
    return wallets, rng.integers((first + last) // 2, last, rows)


def used(
    what: Callable[[Past], object], asked: Callable[[int, int], Past], rows: int
) -> list[float]:
    """Milliseconds of processor time of each repeat, on rows of its own; one before warms up."""
    found: list[float] = []
    for seed in range(REPEATS + 1):
        past = asked(rows, seed)
        begin = time.process_time()
        what(past)
        found.append((time.process_time() - begin) * 1e3)
    return found[1:]


def measures(work: Path, *, quick: bool, kinds: tuple[str, ...]) -> list[Measure]:
    """All figures of the stage; no kind of network plays a part."""
    del kinds
    ledger, asked = setting(work, quick=quick)

    def latest(past: Past) -> Subgraphs:
        return subgraphs(past, ledger.assets, fan_out=FAN_OUT)

    def recent(past: Past) -> Subgraphs:
        return subgraphs(past, ledger.assets, fan_out=FAN_OUT, draw="recent", seed=SEED)

    drawn = latest(asked(ROWS, 0))
    found = [
        Measure("sampler nodes", drawn.code.size, "nodes"),
        Measure("sampler transfers", drawn.transfer.size, "transfers"),
    ]
    costs: dict[str, tuple[Callable[[Past], object], int]] = {
        "latest": (latest, ROWS),
        "recent": (recent, ROWS),
        "latest, one row": (latest, 1),
        "latest and labels": (lambda past: known_labels(past, latest(past)), ROWS),
        "latest and node rows": (
            lambda past: node_rows(ledger, past, latest(past), views=NODE_VIEWS), ROWS,
        ),
        "sequence": (lambda past: recent_transfers(past, STEPS), ROWS),
    }  # fmt: skip
    for name, (what, rows) in costs.items():
        each = used(what, asked, rows)
        target = TARGET_MS if name == "latest" else None
        found.append(
            Measure(f"sampler {name}", float(np.median(each)), "ms", min(each), max(each), target)
        )
    return found


def figures(found: list[Measure]) -> dict[str, Figure]:
    """None: the table says it."""
    del found
    return {}
