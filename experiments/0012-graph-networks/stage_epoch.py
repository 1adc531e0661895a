"""What learning from many rows costs: 100,000 labelled rows of five million transfers.

Too many to be held: what lies around them is drawn anew in every epoch, by a thread that goes
ahead. A process of its own learns one epoch of most rows, looks at the rest, and learns one of all.
What the labels are plays no part, so they are drawn by lot.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from stage_sampler import drawn_rows, setting

from experiments.common.processes import peak_mib, run_script
from experiments.common.results import Measure
from features import Ledger
from features.past import NO_LABELS
from features.table import compute_rows
from features.views import feature_columns
from training.models.estimator import Where
from training.models.graph_network import NODE_VIEWS
from training.models.kinds import estimator_class
from training.networks.reading.prepared import MOST_HELD

ROWS, SEED, ILLICIT = 100_000, 0, 0.05
TARGET_GB = 6.0


def measures(work: Path, *, quick: bool, kinds: tuple[str, ...]) -> list[Measure]:
    """Seconds and memory of each kind."""
    setting(work, quick=quick)
    folder = work / ("sampler-quick" if quick else "sampler")
    rows, found = MOST_HELD + 1_000 if quick else ROWS, []
    for kind in kinds:
        said = run_script(Path(__file__).parent, "stage_epoch.py", folder, kind, rows)
        at = f"epoch {kind}, {rows:,} rows:"
        found += [
            Measure(f"{at} two epochs and a look at the rows that stop it", said["fit_s"], "s"),
            Measure(f"{at} processor time", said["used_s"], "s"),
            Measure(f"{at} peak memory", said["peak_gb"], "GB", target=TARGET_GB),
        ]
    return found


def figures(found: list[Measure]) -> dict[str, Figure]:
    """None: the table says it."""
    del found
    return {}


def cost(folder: Path, kind: str, rows: int) -> dict[str, float]:
    """Learn from rows drawn evenly, at instants of the later half."""
    ledger = Ledger.open(folder)
    codes, instants = drawn_rows(ledger, rows, SEED)
    where = Where(ledger, codes, np.sort(instants), NO_LABELS)
    views = NODE_VIEWS.near[:2]
    own = compute_rows(ledger, where.codes, where.as_of, labels=NO_LABELS, views=views, threads=2)
    names = tuple(column.name for column in feature_columns(views))
    model = estimator_class(kind)(names, seed=SEED, parameters={"epochs": 1, "patience": 1})
    y_true = (np.random.default_rng(SEED + 1).random(rows) < ILLICIT).astype(np.int8)
    begin, used = time.perf_counter(), time.process_time()
    model.fit(model.inputs(own, where), y_true, np.ones(rows))  # type: ignore[attr-defined]
    return {
        "fit_s": time.perf_counter() - begin,
        "used_s": time.process_time() - used,
        "peak_gb": peak_mib() / 2**10,
    }


if __name__ == "__main__":
    print(json.dumps(cost(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
