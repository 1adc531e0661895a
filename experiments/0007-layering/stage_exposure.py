"""Exposure of the wallets where stolen money ended, against time, and of ordinary ones.

The thieves of one incident are labelled; found is each of its terminals that any path in time joins
to them. Ordinary wallets are the licit ones of the phishing set, with its phishers labelled.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from incident import labels_of, read_incident

from experiments.common import ethereum_phishing as phishing
from experiments.common import synthetic
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.past import LabelEvents, TracedPast, label_events, past_of, traced_past
from features.taint.pieces import Caps, empty_search
from features.taint.reach import ReachCaps, empty_reach
from features.taint.service import SERVICE
from features.views import exposure as view

DATA = Path(os.environ.get("WALLETRISK_DATA", "../shared/data"))
FOLLOWED = (  # pieces, transfers read of a wallet, hops, floor
    (16, 64, 5, 1e-3), (64, 64, 8, 1e-4), (64, 256, 8, 1e-4), (128, 256, 12, 1e-5),
    (256, 256, 16, 1e-6), (1024, 1024, 16, 1e-7),
)  # fmt: skip
REACHED = ((4, 16), (8, 32), (16, 32), (32, 64))  # wallets of each number of hops, transfers read
NAMES = [column.name for column in view.EXPOSURE.columns]
Rows = npt.NDArray[np.float64]


def measures(folder: Path, quick: bool) -> Iterator[Measure]:
    """Found and microseconds by caps; exposure of ordinary wallets.

    Parameters
    ----------
    folder : Path
        Of the experiment; nothing is written here.
    quick : bool
        On a small ledger, for a test.
    """
    incident, background = _incident(), _background(quick)
    for caps in FOLLOWED:
        yield from _at(incident, background, Caps(*caps, SERVICE), view.REACH_CAPS)
    for width, read in REACHED:
        reach = ReachCaps(width, read, *view.REACH_CAPS[2:])
        yield from _at(incident, background, view.CAPS, reach)
    if not quick:
        yield from _ordinary()


def _at(
    incident: TracedPast, background: TracedPast, caps: Caps, reach: ReachCaps
) -> Iterator[Measure]:
    """Found of the incident and time of the background under some caps."""
    named = f"{caps.followed}/{caps.read}/{caps.hops}/{caps.floor:g}, {reach.width}/{reach.read}"
    table, _ = _computed(incident, caps, reach)
    value = (
        table["exposure_illicit_direct_in_amount"] + table["exposure_illicit_indirect_in_amount"]
    )
    yield Measure(f"{named}: found by value", float((value > 0).mean()), "share", target=0.9)
    found = table["exposure_illicit_in_hops"].notna()
    yield Measure(f"{named}: found at all", float(found.mean()), "share", target=0.97)
    searched = float(table["exposure_searched_in_share"].median())
    yield Measure(f"{named}: searched, median terminal", searched, "share")
    table, seconds = _computed(background, caps, reach)
    found = table["exposure_illicit_in_hops"].notna()
    yield Measure(f"{named}: found at all, background", float(found.mean()), "share")
    for q in (50, 99):
        micros = float(np.percentile(seconds, q)) * 1e6
        yield Measure(f"{named}: p{q} of a wallet", micros, "us", at_least=False)


def _computed(given: TracedPast, caps: Caps, reach: ReachCaps) -> tuple[pd.DataFrame, Rows]:
    """The columns of each row, and the seconds that it took."""
    search, reaching = empty_search(caps, record=False), empty_reach(reach)
    rows, seconds = np.full((given.size, len(NAMES)), np.nan), np.empty(given.size)
    for row in (0, *range(given.size)):  # the first compiles
        part = TracedPast(given.past.part(slice(row, row + 1)), given.tx_hash)
        began = time.perf_counter()
        view._exposure(part, search, reaching, rows[row : row + 1])
        seconds[row] = time.perf_counter() - began
    return pd.DataFrame(rows, columns=NAMES), seconds


def _incident() -> TracedPast:
    """The terminals that any path in time joins to the thieves, at the end of the incident."""
    incident = read_incident(DATA)
    ledger = Ledger.from_transfers(incident.transfers)
    known = label_events(ledger, labels_of(incident.thieves, "theft", "illicit"))
    return _asked(ledger, incident.at_least(1), known)


def _asked(ledger: Ledger, wallets: list[str], labels: LabelEvents) -> TracedPast:
    """Wallets after all transfers."""
    late = np.full(len(wallets), 2**61)
    return traced_past(ledger, past_of(ledger, ledger.codes(wallets), late, labels))


def _background(quick: bool) -> TracedPast:
    """Wallets of the synthetic ledger, and its labels."""
    sizes = synthetic.Sizes(20_000, 2_000) if quick else synthetic.Sizes()
    made = synthetic.generate(0, sizes)
    ledger = Ledger.from_transfers(made.transfers.to_pandas())
    known = label_events(ledger, synthetic.labels(made, n_licit=2_000, seed=1))
    codes = np.random.default_rng(5).choice(ledger.n_wallets, 200 if quick else 3_000)
    return _asked(ledger, [ledger.wallet(code) for code in codes.tolist()], known)


def _ordinary() -> Iterator[Measure]:
    """Exposure of licit wallets to phishers, whose labels are known, and of phishers to others."""
    with tempfile.TemporaryDirectory() as work:
        ledger = phishing.ingest(Path(work))
        known = phishing.read_labels()
        late = pd.Timestamp("2100-01-01", tz="UTC")
        for role in ("licit", "illicit"):
            asked = known.loc[known["label"] == role, ["wallet"]].assign(as_of=late)
            table = feature_table(
                ledger, asked, labels=known[known["label"] == "illicit"], views=(view.EXPOSURE,)
            )
            value = table[
                ["exposure_illicit_direct_in_share", "exposure_illicit_indirect_in_share"]
            ].sum(axis=1)
            for least in (0.0, 0.001, 0.01):
                share = float((value > least).mean())
                yield Measure(f"Ethereum, {role}: value share above {least:g}", share, "share")
            for hops in (2, 4, 8, 16):
                share = float((table["exposure_illicit_in_hops"] <= hops).mean())
                yield Measure(f"Ethereum, {role}: at all within {hops} hops", share, "share")
