"""Depth of the money: the incident's terminals beside ordinary wallets of like activity."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from among_others import among_others
from incident import Incident, read_incident
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.past import NO_LABELS
from features.table import compute_rows
from features.views.depth.depth import DEPTH
from features.views.layering.layering import LAYERING

COLUMNS = (
    "depth_mean_30d_in_hops", "depth_mean_fresh_in_hops", "depth_mean_1d_in_hops",
    "depth_through_1_fresh_in_share", "depth_through_2_fresh_in_share", "depth_entered_in_s",
)  # fmt: skip
HEADLINE, DEEP = "depth_mean_fresh_in_hops", "depth_greatest_30d_in_hops"
OLD = "layering_depth_backward_hops"
VIEWS = (LAYERING, DEPTH)
SEED = 0
ROWS = 2_000


def measures(folder: Path, quick: bool) -> Iterator[Measure]:
    """Measures of the stage; ``folder`` gets the figure."""
    incident = read_incident(protocol.DATA.parent)
    far = incident.at_least(2)
    alone = _of_incident(incident, Ledger.from_transfers(incident.transfers))
    yield from _reach("depth incident alone:", incident, alone)
    with tempfile.TemporaryDirectory() as work:
        ordinary = _of_ethereum(protocol.ingest(Path(work)), incident, quick=quick)
    for name, rows in ordinary.items():
        yield from _beside(f"depth alone, {name}:", alone.loc[far], rows)
    town = Ledger.from_transfers(among_others(incident, 50_000 if quick else 5_000_000, SEED))
    among = _of_incident(incident, town)
    yield from _reach("depth incident among others:", incident, among)
    ordinary["wallets of the background"] = _table(town, _drawn(town, 200 if quick else ROWS))
    rows = ordinary["wallets of the background"]
    yield from _beside("depth among others, wallets of the background:", among.loc[far], rows)
    yield from _cost(town, 100 if quick else ROWS)
    theirs = {"terminals alone": alone.loc[far], "terminals among others": among.loc[far]}
    figure({**theirs, **ordinary}).savefig(folder / "depth.png", dpi=110)


def _of_incident(incident: Incident, ledger: Ledger) -> pd.DataFrame:
    """Rows of all wallets of the incident, as of its end."""
    transfers = incident.transfers
    wallets = sorted({*transfers["sender"], *transfers["recipient"]})
    end = transfers["timestamp"].max() + pd.Timedelta(1, "D")
    return _table(ledger, pd.DataFrame({"wallet": wallets, "as_of": end}))


def _table(ledger: Ledger, asked: pd.DataFrame) -> pd.DataFrame:
    return feature_table(ledger, asked, views=VIEWS).droplevel("as_of")


def _reach(at: str, incident: Incident, theirs: pd.DataFrame) -> Iterator[Measure]:
    """How many of the wallets behind the thieves the depth sees."""
    far = theirs.loc[incident.at_least(2)]
    everyone = theirs.loc[[wallet for wallet, hops in incident.hops.items() if hops >= 2]]
    yield Measure(f"{at} terminals two and more hops away", float(len(far)), "")
    yield Measure(
        f"{at} of them, depth of 2 hops and more", _deep(far, DEEP), "", target=0.9, at_least=True
    )
    yield Measure(
        f"{at} of them, most of the value through a fresh wallet that passed it on",
        float((far["depth_through_1_fresh_in_share"] > 0.5).mean()), "",
    )  # fmt: skip
    yield Measure(f"{at} of them, near-equal chain of 2 hops", _deep(far, OLD), "")
    yield Measure(f"{at} of all wallets so far away, depth of 2 hops", _deep(everyone, DEEP), "")
    reached = far[DEEP] - pd.Series(incident.hops)[far.index]
    yield Measure(f"{at} greatest depth less least hops, median", float(reached.median()), "hops")


def _deep(rows: pd.DataFrame, column: str) -> float:
    return float((rows[column] >= 2).mean())


def _of_ethereum(ledger: Ledger, incident: Incident, *, quick: bool) -> dict[str, pd.DataFrame]:
    """Labelled wallets of the phishing set as of a receipt, as many as a terminal has."""
    random = np.random.default_rng(SEED)
    received = incident.transfers.groupby("recipient").size()
    counts = received[incident.at_least(2)].to_numpy()
    known = protocol.read_labels()
    rows = {}
    for label, name in (("licit", "licit Ethereum wallets"), ("illicit", "phishing wallets")):
        asked = []
        for wallet in known.loc[known["label"] == label, "wallet"]:
            code, receipts = ledger.code(wallet), int(random.choice(counts))
            side = ledger.incoming
            if code >= 0 and side.count[code] >= receipts:
                last = side.time[side.start[code] + receipts - 1]
                asked.append((wallet, pd.Timestamp(last + 1, unit="us", tz="UTC")))
        frame = pd.DataFrame(asked[:100] if quick else asked, columns=["wallet", "as_of"])
        rows[name] = _table(ledger, frame)
    return rows


def _drawn(ledger: Ledger, n: int) -> pd.DataFrame:
    codes = np.random.default_rng(SEED).choice(ledger.n_wallets, n, replace=False)
    end = pd.Timestamp((ledger.last_time or 0) + 1, unit="us", tz="UTC")
    return pd.DataFrame({"wallet": [ledger.wallet(int(code)) for code in codes], "as_of": end})


def _beside(at: str, far: pd.DataFrame, rows: pd.DataFrame) -> Iterator[Measure]:
    """The same figures for others, and how well each column tells the two apart."""
    rows = rows[rows[HEADLINE].notna()]
    yield Measure(f"{at} rows", float(len(rows)), "")
    yield Measure(f"{at} depth of 2 hops and more", _deep(rows, DEEP), "")
    yield Measure(f"{at} near-equal chain of 2 hops", _deep(rows, OLD), "")
    for column in (*COLUMNS, OLD):
        value, low, high = _auc(far[column].to_numpy(), rows[column].to_numpy())
        yield Measure(
            f"{at} terminals told from them by {column}, area under the curve",
            value, "", low, high, 0.85 if column == HEADLINE else None, at_least=True,
        )  # fmt: skip


def _auc(theirs: np.ndarray, others: np.ndarray) -> tuple[float, float, float]:
    """Area under the curve, and its bootstrap interval (95 %)."""
    random, draws = np.random.default_rng(SEED), []
    for _ in range(500):
        drawn = (random.choice(values, values.size) for values in (theirs, others))
        draws.append(_area(*drawn))
    low, high = np.quantile(draws, [0.025, 0.975])
    return _area(theirs, others), float(low), float(high)


def _area(theirs: np.ndarray, others: np.ndarray) -> float:
    truth = np.repeat([1, 0], [theirs.size, others.size])
    return float(roc_auc_score(truth, np.nan_to_num(np.concatenate([theirs, others]), nan=-1.0)))


def _cost(ledger: Ledger, n: int) -> Iterator[Measure]:
    """Milliseconds of one row, asked alone: wallets drawn evenly, and by their transfers."""
    random, wallets = np.random.default_rng(SEED), ledger.n_wallets
    busy = (ledger.incoming.count + ledger.outgoing.count)[:wallets]
    instant = np.array([(ledger.last_time or 0) + 1])
    for name, weight in (("evenly", None), ("by their transfers", busy / busy.sum())):
        taken = []
        for code in random.choice(wallets, n, p=weight).astype(np.int32):
            began = time.perf_counter()
            compute_rows(ledger, np.array([code]), instant, labels=NO_LABELS, views=(DEPTH,))
            taken.append(1e3 * (time.perf_counter() - began))
        for share, target in ((50, 1.0), (99, 5.0)):
            cost = float(np.percentile(taken, share))
            yield Measure(f"depth cost: wallets drawn {name}, p{share}", cost, "ms", target=target)


def figure(wallets: dict[str, pd.DataFrame]) -> Figure:
    """Share of wallets whose mean depth is at least so much."""
    drawing = Figure(figsize=(7, 4), layout="constrained")
    axes = drawing.subplots()
    for name, rows in wallets.items():
        depth = np.sort(rows[HEADLINE].dropna().to_numpy())
        axes.step(depth, 1 - np.arange(depth.size) / depth.size, where="post", label=name)
    axes.set(
        xlabel="mean hops through fresh wallets that passed it on",
        ylabel="share of wallets with so many", yscale="log", ylim=(1e-3, 1.1), xlim=(1, 9),
    )  # fmt: skip
    axes.legend(frameon=False)
    return drawing
