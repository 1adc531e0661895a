"""Compile every kernel ahead of time, so that no later process waits for it.

Numba compiles a function at its first call and keeps the machine code, see
:mod:`features.kernel.compiler`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd

from features.clusters.contraction import contracted, transfers_before
from features.contracts.addresses import canonical_one
from features.errors import RiskError
from features.kernel import before
from features.kernel.compiler import CACHE
from features.kernel.leaf_sums import LEAF, NODE, STEP, add_leaf_sums
from features.ledger import Ledger
from features.ledger.verify import verify
from features.past import label_events, past_of
from features.subgraphs import known_labels, recent_transfers, subgraphs
from features.table import feature_table
from features.taint.policies import fifo, haircut, poison
from features.trails import trace
from features.trails.flow import DIRECTIONS
from features.view import View
from features.views import VIEWS

_START = pd.Timestamp("2026-01-01", tz="UTC")
_MARK = CACHE / "everything"
_LEDGER, _FLOWS, _REST = "the ledger", "flows", "policies, subgraphs and trees"
# to compile: begun first, so that none ends late
_LONGEST = ("patterns", "layering", "exposure", "depth")
# minute, sender, recipient, amount: a peel chain, a cycle, and money spread out and collected
_TRANSFERS = (
    (0, "a", "b", 64.0), (1, "b", "c", 60.0), (2, "b", "x", 4.0), (3, "c", "d", 55.0),
    (4, "c", "y", 4.0), (5, "d", "a", 52.0), (6, "a", "b", 50.0), (7, "b", "a", 48.0),
    *((10 + i, "a", f"m{i}", 8.0) for i in range(4)),
    *((20 + i, f"m{i}", "d", 8.0) for i in range(4)),
    *((30 + i, f"m{i}", "y", 1.0) for i in range(4)),
)  # fmt: skip


_CAPITALS = "0x52908400098527886E0F7030069857D2E4169EE7"


class WarmUp(NamedTuple):
    """How long it took, and where the machine code is kept."""

    seconds: float
    folder: str


def steps(views: tuple[View, ...] = VIEWS) -> int:
    """How many steps :func:`warm_up` takes: the ledger, flows, each view, and other functions."""
    return len(views) + 3


def is_warm() -> bool:
    """Whether :func:`warm_up` has run for these sources, here or where the cache was made."""
    return _MARK.exists()


def compile_once(
    views: tuple[View, ...] = VIEWS, progress: Callable[[int], None] | None = None
) -> None:
    """:func:`warm_up` at the first use on a machine; later it does nothing."""
    if not is_warm():
        warm_up(progress, views=views)


def warm_up(
    progress: Callable[[int], None] | None = None,
    *,
    views: tuple[View, ...] = VIEWS,
    processes: int | None = None,
) -> WarmUp:
    """Run a small ledger through every kernel, in several processes that share one cache.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of steps done since its last call, of :func:`steps` in all.
    views : tuple of View
    processes : int, optional
        As many as there are cores, this one included. One compiles everything in this process, so
        that nothing need be loaded from disk later.

    Returns
    -------
    WarmUp

    Raises
    ------
    RiskError
        Another of the processes failed.
    """
    started = time.perf_counter()
    advance = progress or (lambda _: None)
    work = _steps(views)
    shared = [view.name for view in views if view in VIEWS]
    others = (os.cpu_count() or 1) - 1 if processes is None else processes - 1
    with tempfile.TemporaryDirectory() as folder:
        todo = Path(folder)
        for number, name in enumerate(work):
            (todo / f"{number:03d} {name}").touch()
        command = [sys.executable, "-m", __name__, folder, _FLOWS, *shared, _REST]
        helpers = [
            subprocess.Popen(  # noqa: S603 this interpreter, this module
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            for _ in range(others)
        ]
        left = len(work)
        for name in _claimed(todo, set(work)):
            work[name]()
            now = sum(1 for _ in todo.iterdir())
            advance(left - now)
            left = now
        for helper in helpers:
            _, said = helper.communicate()
            if helper.returncode:
                raise RiskError(f"compiling failed in another process: {said.strip()[-500:]}")
    kept = Path(cast("Any", before).stats.cache_path)
    code = CACHE if kept.is_relative_to(CACHE) else kept  # elsewhere where CACHE is not writeable
    if code == CACHE:
        _MARK.touch()
    return WarmUp(time.perf_counter() - started, str(code))


def _steps(views: tuple[View, ...]) -> dict[str, Callable[[], None]]:
    """Work by name: the ledger first, which the others share, then the views with most columns."""
    transfers = _transfers()
    ledger = Ledger.from_transfers(transfers)
    spine = _spine(ledger)
    labels = pd.DataFrame({"wallet": ["a", "y"], "label": ["illicit", "licit"]})
    labels["known_at"] = _START

    def of_ledger() -> None:
        canonical_one(_CAPITALS)
        grown = Ledger.from_transfers(transfers.iloc[::2])
        grown.append(transfers.iloc[1::2])  # into full slices, between what is there
        grown.retract(["t0"])
        with tempfile.TemporaryDirectory() as folder:
            grown.save(folder)
            verify(folder)
        instant = (ledger.last_time or 0) + 1
        pair = ledger.codes(["a", "b"])
        transfers_before(ledger, pair, instant)
        with contracted(ledger, pair, instant):
            pass

    def of_view(view: View) -> None:
        feature_table(ledger, spine, labels=labels, views=(view,))
        for wallet, as_of in zip(spine["wallet"], spine["as_of"], strict=True):
            trace(ledger, wallet, as_of, labels=labels, views=(view,))

    def of_flows() -> None:
        for direction in DIRECTIONS:
            trace(ledger, "a", spine["as_of"].iloc[0], labels=labels, direction=direction)

    def rest() -> None:
        for policy in (haircut, fifo, poison):
            policy(ledger, spine, labels=labels)
        codes = ledger.codes(spine["wallet"])
        instants = np.full(codes.size, (ledger.last_time or 0) + 1)
        past = past_of(ledger, codes, instants, label_events(ledger, labels))
        known_labels(past, subgraphs(past, ledger.assets, fan_out=(4, 4)))
        recent_transfers(past, 4)
        none = np.zeros(0)
        add_leaf_sums(
            np.zeros((0, 1)), none.astype(NODE), np.zeros(1, LEAF), none.astype(STEP),
            none.astype(np.int32), none, np.zeros((0, 1)),
        )  # fmt: skip

    longest = sorted(views, key=lambda view: view.name not in _LONGEST)
    work: dict[str, Callable[[], None]] = {view.name: partial(of_view, view) for view in longest}
    return {_LEDGER: of_ledger, _FLOWS: of_flows, **work, _REST: rest}


def _claimed(todo: Path, able: set[str]) -> Iterator[str]:
    """Names of steps that this process takes; a step is taken by deleting its file."""
    for path in sorted(todo.iterdir()):
        name = path.name.partition(" ")[2]
        if name in able:
            with suppress(FileNotFoundError):  # another process took it
                path.unlink()
                yield name


def _transfers() -> pd.DataFrame:
    frame = pd.DataFrame(list(_TRANSFERS), columns=["minute", "sender", "recipient", "amount"])
    frame["timestamp"] = _START + pd.to_timedelta(frame.pop("minute"), unit="min")
    return frame.assign(tx_id=[f"t{row}" for row in range(len(frame))], asset="none")


def _spine(ledger: Ledger) -> pd.DataFrame:
    names = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    return pd.DataFrame({"wallet": names, "as_of": _START + pd.Timedelta(1, "D")})


def _help(folder: str, *able: str) -> None:
    """Take steps of a process that waits for this one."""
    work = _steps(VIEWS)
    for name in _claimed(Path(folder), set(able)):
        work[name]()


if __name__ == "__main__":
    _help(*sys.argv[1:])
