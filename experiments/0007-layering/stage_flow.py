"""Trails: how much of a verified theft the flows name, and what they name besides.

The incident's transfers alone, and put among others: a synthetic background moved onto its weeks,
and ordinary business of half of the incident's own wallets, in and out, of like amounts.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.common import synthetic
from experiments.common.results import Measure, SkippedError
from features import Ledger
from features.trails.drawn import drawn
from features.trails.flow import Direction, Flow, trace_flow
from features.trails.picture import picture

SEED = 7
BUSINESS_SHARE = 0.5  # of the incident's wallets
PAIRS_MEAN = 2.0  # receipts of each that are passed on, beside a first
REST_DAYS = 2.0
AS_OF = "2024-01-01T00:00Z"
FOLDER = "ethereum_laundering_atomic"


@dataclass(frozen=True, slots=True)
class Incident:
    """Verified transfers, thieves, terminals, and which transfers lie on a path between them."""

    transfers: pd.DataFrame
    thieves: list[str]
    terminals: list[str]
    on_path: pd.Series

    @property
    def keys(self) -> pd.Index:
        """Ids of the verified transfers."""
        return key(self.transfers)


def key(transfers: pd.DataFrame) -> pd.Index:
    """What identifies a transfer."""
    return pd.MultiIndex.from_frame(transfers[["tx_id", "position"]])


def read_incident(folder: Path) -> Incident:
    """Read an incident; its amounts are in USD."""
    if not (folder / "flows.csv").exists():
        raise SkippedError(f"no {folder}: the data have no licence and are not in the repository")
    flows = pd.read_csv(folder / "flows.csv")
    transfers = pd.DataFrame(
        {
            "tx_id": flows["Tx_hash"],
            "position": flows.groupby("Tx_hash").cumcount().astype("int32"),
            "timestamp": pd.to_datetime(flows["Timestamp"], utc=True).dt.as_unit("us"),
            "sender": flows["From"],
            "recipient": flows["To"],
            "amount": flows["Value_in_USD"],
            "asset": "USD",
        }
    )
    thieves, terminals = (
        (folder / f"{name}_addresses.csv").read_text().split() for name in ("source", "terminal")
    )
    return Incident(transfers, thieves, terminals, _on_path(transfers, thieves, terminals))


def _on_path(transfers: pd.DataFrame, thieves: list[str], terminals: list[str]) -> pd.Series:
    """Which transfers lie on a path in time from a thief to a terminal."""
    reached = _reached(transfers, thieves, "sender", "recipient", 1)
    back = _reached(transfers, terminals, "recipient", "sender", -1)
    return reached & back


def _reached(
    transfers: pd.DataFrame, starts: list[str], near: str, far: str, sign: int
) -> pd.Series:
    when = sign * transfers["timestamp"].astype("int64")
    best = dict.fromkeys(starts, np.iinfo(np.int64).min)
    order = np.argsort(when, kind="stable")
    rows = list(zip(transfers[near], transfers[far], when, strict=True))
    changed = True
    while changed:  # more than once for transfers of one instant
        changed = False
        for place in order:
            here, there, at = rows[place]
            if best.get(here, at + 1) <= at < best.get(there, at + 1):
                best[there] = at
                changed = True
    return pd.Series([best.get(here, at + 1) <= at for here, _, at in rows])


def among_others(incident: Incident, size: int, seed: int) -> pd.DataFrame:
    """The incident's transfers in a background, with ordinary business of its wallets."""
    rng = np.random.default_rng(seed)
    sizes = synthetic.Sizes(transfers=size, wallets=max(size // 10, 1000))
    background = synthetic.generate(seed, sizes).transfers.to_pandas()
    own = incident.transfers
    first, last = own["timestamp"].min(), own["timestamp"].max()
    when = background["timestamp"]
    scale = (last - first) / (when.max() - when.min())
    background["timestamp"] = (first + (when - when.min()) * scale).dt.as_unit("us")
    dollars = np.median(own["amount"]) / np.median(background["amount"])
    background["amount"] *= dollars
    background["asset"] = "USD"
    business = _business(rng, incident, background["sender"].unique())
    return pd.concat([own, background, business], ignore_index=True)


def _business(rng: np.random.Generator, incident: Incident, others: "np.ndarray") -> pd.DataFrame:
    """Receipts from background wallets that are passed on to others after a rest of days."""
    own = incident.transfers
    wallets = np.array(sorted({*own["sender"], *own["recipient"]}))
    chosen = wallets[rng.random(wallets.size) < BUSINESS_SHARE]
    who = np.repeat(chosen, 1 + rng.poisson(PAIRS_MEAN, chosen.size))
    span = (own["timestamp"].max() - own["timestamp"].min()).total_seconds()
    came = rng.random(who.size) * span
    left = came + rng.exponential(REST_DAYS * synthetic.DAY_S, who.size)
    amount = rng.choice(own["amount"].to_numpy(), who.size)
    seconds = np.concatenate([came, left])
    n = who.size
    return pd.DataFrame(
        {
            "tx_id": [f"ordinary{k}" for k in range(2 * n)],
            "position": np.zeros(2 * n, np.int32),
            "timestamp": own["timestamp"].min()
            + pd.to_timedelta(seconds.round(), unit="s").astype("timedelta64[us]"),
            "sender": np.concatenate([rng.choice(others, n), who]),
            "recipient": np.concatenate([who, rng.choice(others, n)]),
            "amount": np.concatenate([amount, amount * rng.uniform(0.9, 1.0, n)]),
            "asset": "USD",
        }
    )


def labels_of(wallets: Sequence[str], category: str, label: str) -> pd.DataFrame:
    """Labels that were known from the start."""
    return pd.DataFrame(
        {
            "wallet": list(wallets),
            "label": label,
            "category": category,
            "known_at": pd.Timestamp("2020-01-01", tz="UTC"),
            "source": "incident",
            "confidence": 1.0,
        }
    )


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
    data = Path(os.environ.get("WALLETRISK_DATA", "shared/data"))
    incident = read_incident(data / FOLDER)
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
