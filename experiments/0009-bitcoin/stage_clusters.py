"""The merge tree on made-up spends: building, asking, undoing, and the file."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from experiments.common.results import Measure, summary
from features.clusters import Clusters, Spends
from features.clusters import tree as forest

SPAN_US = 10**15
FRESH = 0.62  # of the wallets of a spend, measured in the trial this repeats
QUESTIONS = 1_000_000
LATE = 0.01  # of the spends that are undone


class World(NamedTuple):
    """Spends of ``wallets`` wallets."""

    spends: Spends
    wallets: int


def world(spends: int, seed: int) -> World:
    """Spends of two wallets and more, most of them new, the others rather recent."""
    random = np.random.default_rng(seed)
    number = 1 + random.geometric(0.8, spends)
    first = np.concatenate([[0], np.cumsum(number)])
    fresh = random.random(first[-1]) < FRESH
    fresh[0] = True
    wallet = np.cumsum(fresh) - 1
    back = (random.pareto(0.6, int((~fresh).sum())) * 10).clip(max=first[-1]).astype(np.int64)
    wallet[~fresh] = np.maximum(wallet[~fresh] - back, 0)
    ids = pa.array(np.char.mod("%064x", np.arange(spends)), pa.large_string())
    times = np.sort(random.integers(0, SPAN_US, spends))
    return World(Spends(ids, times, first, wallet.astype(np.int32)), int(wallet.max()) + 1)


def measure(spends: int, repeats: int, seed: int) -> list[Measure]:
    """Figures of one world, in one thread."""
    made = world(spends, seed)
    grown(world(100, seed))  # compile
    built = [_timed(lambda: grown(made)) for _ in range(repeats)]
    tree, links, n = grown(made)
    random = np.random.default_rng(seed + 1)
    wallets = random.integers(0, made.wallets, QUESTIONS).astype(np.int32)
    instants = random.integers(0, SPAN_US, QUESTIONS)
    root, size = np.empty(QUESTIONS, np.int32), np.empty(QUESTIONS, np.int64)

    def find() -> None:
        forest.roots(tree, wallets, instants, root)

    def count() -> None:
        forest.sizes(tree, links, wallets, instants, size)

    find()  # compile
    count()
    each_ns = 1e9 / QUESTIONS
    late = int(spends * (1 - LATE))

    def undo() -> None:
        kept = forest.cut_back(tree, links, n, late)
        _grow(tree, links, kept, made.spends, late)

    undo()
    found = [
        Measure("speed: spends", spends, ""),
        Measure("speed: wallets", made.wallets, ""),
        Measure("speed: links", n, ""),
        summary("speed: building the tree", built, "s", target=1.0),
        summary(
            "speed: cluster of a wallet as of t", _each(find, repeats, each_ns), "ns", target=1000
        ),
        summary("speed: its size", _each(count, repeats, each_ns), "ns"),
        summary("speed: undoing and replaying the last hundredth", _each(undo, repeats, 1), "s"),
        Measure(
            "speed: roots that differ from a tree cut at t", _differing(made, tree), "", target=0
        ),
    ]
    return found + _file(made)


def grown(made: World) -> tuple[forest.Tree, forest.Links, int]:
    tree, links = forest.empty_tree(made.wallets)
    return tree, links, _grow(tree, links, 0, made.spends, 0)


def _grow(tree: forest.Tree, links: forest.Links, n: int, spends: Spends, begin: int) -> int:
    return forest.grow(tree, links, n, spends.time, spends.first, spends.wallet, begin)


def _differing(made: World, tree: forest.Tree) -> int:
    """Wallets whose cluster halfway is not that of a tree that saw nothing later."""
    half = made.spends.time[made.spends.time.size // 2]
    seen = made.spends.at(np.flatnonzero(made.spends.time < half))
    cut, _, _ = grown(World(seen, made.wallets))
    every = np.arange(made.wallets, dtype=np.int32)
    now, then = np.empty(every.size, np.int32), np.empty(every.size, np.int32)
    forest.roots(tree, every, np.full(every.size, half), then)
    forest.roots(cut, every, np.full(every.size, forest.NEVER), now)
    return int((now != then).sum())


def _file(made: World) -> list[Measure]:
    names = pa.array(np.char.mod("w%012d", np.arange(made.wallets)), pa.large_string())
    clusters = Clusters()
    begin = time.perf_counter()
    clusters.append(names, made.spends)
    appended = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clusters.arrow"
        saved = _timed(lambda: clusters.save(path))
        opened = _timed(lambda: Clusters.open(path))
        size = path.stat().st_size
    last = made.spends.at(np.arange(max(0, made.spends.time.size - 1_000), made.spends.time.size))
    own, wallet = np.unique(last.wallet, return_inverse=True)
    ids = pa.array([f"late{n}" for n in range(last.time.size)], pa.large_string())
    later = last._replace(tx_id=ids, wallet=wallet.astype(np.int32), time=last.time[-1] + last.time)
    few = names.take(own)
    return [
        Measure("speed: from names to clusters", appended, "s"),
        Measure("speed: saving", saved, "s"),
        Measure("speed: opening", opened, "s"),
        Measure("speed: bytes of the file a spend", size / made.spends.time.size, "B"),
        Measure("speed: appending 1,000 more", _timed(lambda: clusters.append(few, later)), "s"),
    ]


def _each(work: Callable[[], None], repeats: int, scale: float) -> list[float]:
    return [_timed(work) * scale for _ in range(repeats)]


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
