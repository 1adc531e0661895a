"""Trails: how much of a verified theft the flows name, and what they name besides.

The incident's transfers alone, and put among others: a synthetic background moved onto its weeks,
and ordinary business of half of the incident's own wallets, in and out, of like amounts.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from among_others import among_others
from incident import Incident, key, labels_of, read_incident

from experiments.common.results import Measure
from features import Ledger
from features.trails.drawn import drawn
from features.trails.flow import Direction, Flow, trace_flow
from features.trails.picture import picture

SEED = 7
AS_OF = "2024-01-01T00:00Z"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a ledger, whose flows count as one."""

    name: str
    wallets: list[list[str]]
    direction: Direction
    to: list[str] | None = None
    labels: pd.DataFrame | None = None


def questions(incident: Incident) -> list[Asked]:
    """Backward from each terminal, forward from the thieves, and between them."""
    thieves, terminals = incident.thieves, incident.terminals
    theft = labels_of(thieves, "theft", "illicit")
    each = [[wallet] for wallet in terminals]
    return [
        Asked("backward from each terminal", each, "backward"),
        Asked("backward from each terminal, thieves labelled", each, "backward", None, theft),
        Asked("backward from each terminal to the thieves", each, "backward", thieves),
        Asked("forward from the thieves", [thieves], "forward"),
        Asked("forward from the thieves to the terminals", [thieves], "forward", terminals),
    ]


def named(ledger: Ledger, asked: Asked) -> tuple[pd.DataFrame, list[float], list[Flow]]:
    """Transfers that the flows of a question name, with the most value of any; seconds of each."""
    seconds, flows = [], []
    for wallets in asked.wallets:
        start = time.perf_counter()
        flows.append(
            trace_flow(
                ledger, wallets, AS_OF, direction=asked.direction, to=asked.to, labels=asked.labels
            )
        )
        seconds.append(time.perf_counter() - start)
    found = pd.concat([flow.transfers for flow in flows])
    return found.groupby(["tx_id", "position"])["traced_amount"].max().reset_index(), seconds, flows


def quality(incident: Incident, ledger: Ledger, asked: Asked, where: str) -> Iterator[Measure]:
    """Coverage of what lies on a path, and precision by transfers and by value."""
    found, seconds, flows = named(ledger, asked)
    is_named = incident.keys.isin(key(found))
    path, usd = incident.on_path.to_numpy(), incident.transfers["amount"].to_numpy()
    right = key(found).isin(incident.keys)
    value = found["traced_amount"].to_numpy()
    at = f"trails {where}: {asked.name},"
    forward = asked.direction == "forward"
    yield Measure(
        f"{at} value on a path that is named", float(usd[path & is_named].sum() / usd[path].sum()),
        "", target=0.9 if forward else 0.95, at_least=True,
    )  # fmt: skip
    yield Measure(f"{at} transfers on a path that are named", float(is_named[path].mean()), "")
    yield Measure(f"{at} of the transfers named, of the trail", float(right.mean()), "")
    yield Measure(
        f"{at} of the value named, of the trail", float(value[right].sum() / value.sum()), ""
    )
    yield Measure(f"{at} transfers named", float(len(found)), "")
    yield Measure(
        f"{at} time", float(np.median(seconds)) * 1e3, "ms", min(seconds) * 1e3,
        max(seconds) * 1e3, 100.0,
    )  # fmt: skip
    yield Measure(f"{at} flows that a cap cut", float(np.mean([f.truncated for f in flows])), "")


def measures(folder: Path, quick: bool) -> Iterator[Measure]:
    """All figures of the stage; draws its pictures into ``folder``."""
    incident = read_incident(Path(os.environ.get("WALLETRISK_DATA", "../shared/data")))
    alone = Ledger.from_transfers(incident.transfers)
    trace_flow(alone, incident.terminals[0], AS_OF, direction="backward")  # compiles
    yield Measure("trails: verified value on a path", _path_value(incident), "USD")
    for asked in questions(incident):
        yield from quality(incident, alone, asked, "alone")
    among = Ledger.from_transfers(among_others(incident, 50_000 if quick else 5_000_000, SEED))
    yield Measure("trails among others: transfers", float(among.n_transfers), "")
    for asked in questions(incident):
        yield from quality(incident, among, asked, "among others")
    draw(incident, alone, folder)


def _path_value(incident: Incident) -> float:
    return float(incident.transfers["amount"][incident.on_path].sum())


def draw(incident: Incident, ledger: Ledger, folder: Path) -> None:
    """One terminal's past and the thieves' future."""
    theft = labels_of(incident.thieves, "theft", "illicit")
    flows: dict[str, Callable[[], Flow]] = {
        "trail_backward.png": lambda: trace_flow(
            ledger, _deepest(incident, ledger), AS_OF, direction="backward", labels=theft
        ),
        "trail_forward.png": lambda: trace_flow(
            ledger, incident.thieves, AS_OF, direction="forward",
            labels=labels_of(incident.terminals, "exchange", "licit"),
        ),
    }  # fmt: skip
    for name, flow in flows.items():
        picture(drawn(flow())).savefig(folder / name, dpi=110)


def _deepest(incident: Incident, ledger: Ledger) -> str:
    """The terminal that most transfers lead to."""

    def size(wallet: str) -> int:
        return len(trace_flow(ledger, wallet, AS_OF, direction="backward").transfers)

    return max(incident.terminals, key=size)
