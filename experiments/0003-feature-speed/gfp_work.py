"""Child process, run by the interpreter that has snapml: the graph feature preprocessor, timed.

Needs numpy and snapml only. An edge is (id, source, target, second, amount), all float64.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from snapml import GraphFeaturePreprocessor  # type: ignore[import-not-found]

DAY_S = 86_400
FAMILIES = ("vertex_stats", "fan", "degree", "scatter-gather", "temp-cycle", "lc-cycle")
SETTINGS: dict[str, dict[str, Any]] = {
    # fan, degree, ratio, mean, sum, variance, skew, kurtosis of the amount
    "vertex": {
        "vertex_stats": True,
        "vertex_stats_tw": DAY_S,
        "vertex_stats_cols": [4],
        "vertex_stats_feats": [0, 1, 2, 3, 4, 8, 9, 10],
    },
    "cycles": {"temp-cycle": True, "temp-cycle_tw": DAY_S},
}
Edges = npt.NDArray[np.float64]


def preprocessor(features: str, threads: int) -> Any:
    """Make an empty graph that computes one family of features."""
    made = GraphFeaturePreprocessor()
    parameters = made.params
    parameters.update(dict.fromkeys(FAMILIES, False))
    parameters.update(num_threads=threads, time_window=DAY_S, **SETTINGS[features])
    made.set_params(parameters)
    return made


def speed(arguments: argparse.Namespace, edges: Edges) -> dict[str, Any]:
    """Warm a graph before each position, then transform batches for a while."""
    rates, seconds = [], []
    for position in arguments.at:
        graph = preprocessor(arguments.features, arguments.threads)
        graph.partial_fit(edges[max(position - arguments.warm, 0) : position])
        begin = last = time.perf_counter()
        at = position
        while last - begin < arguments.seconds / len(arguments.at) and at < len(edges):
            if arguments.progress is not None:  # a batch may take longer than anyone waits
                done = {"edges": at - position, "busy": last - begin, "since": time.time()}
                arguments.progress.write_text(json.dumps(done))
            graph.transform(edges[at : at + arguments.batch])
            at += arguments.batch
            now = time.perf_counter()
            seconds.append(now - last)
            last = now
        rates.append((min(at, len(edges)) - position) / (last - begin))
    return {
        "rates": rates,
        # of all positions together: edges over time, a position counting by its time
        "rate": len(rates) / sum(1 / rate for rate in rates),
        "p50_us": float(np.quantile(seconds, 0.5)) * 1e6,
        "p99_us": float(np.quantile(seconds, 0.99)) * 1e6,
    }


def values(arguments: argparse.Namespace, edges: Edges) -> dict[str, Any]:
    """Save the features of the edges from a position on, one edge a batch, in a warmed graph."""
    graph, at = preprocessor(arguments.features, arguments.threads), arguments.at[0]
    graph.partial_fit(edges[max(at - arguments.warm, 0) : at])
    stop = min(at + arguments.first, len(edges))
    rows = [graph.transform(edges[i : i + 1])[0, 5:] for i in range(at, stop)]
    np.save(arguments.out, np.array(rows))
    return {"rows": len(rows)}


def lookahead(arguments: argparse.Namespace, edges: Edges) -> dict[str, Any]:
    """Four transfers of wallet 1, a minute apart: out-degree of the sender, by size of batch."""
    four = np.array([[0, 1, 2, 0, 25], [1, 1, 3, 60, 25], [2, 1, 4, 120, 25], [3, 1, 5, 180, 25.0]])
    together = preprocessor("vertex", 1).transform(four)[:, 6]
    graph = preprocessor("vertex", 1)
    apart = [graph.transform(four[i : i + 1])[0, 6] for i in range(4)]
    return {"one batch of four": together.tolist(), "four batches of one": apart}


WORK = {"speed": speed, "values": values, "lookahead": lookahead}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("--edges", type=Path, default=None)
    parser.add_argument("--features", choices=SETTINGS, default="vertex")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--warm", type=int, default=0)
    parser.add_argument("--at", type=int, action="append", default=[])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--progress", type=Path, default=None, help="file, for runs cut short")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    edges = np.empty((0, 5)) if arguments.edges is None else np.load(arguments.edges)
    json.dump(WORK[arguments.work](arguments, edges), sys.stdout)


if __name__ == "__main__":
    main()
