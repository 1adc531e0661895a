"""Does a trail to known illicit wallets bear what is done on the way? Columns of exposure alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from experiments.common.results import Measure
from features import Ledger, feature_table
from features.views.exposure import EXPOSURE
from training.attacks import Move, Target
from training.attacks.declared import HOPS, UNIT_DUST
from training.attacks.moves import transfers_of

TRAILS, HONEST = 100, 5
CAP_DUST = 10_000  # payments of UNIT_DUST: as many as a row reads of a side
AMOUNT = 100.0
INDIRECT, DIRECT = "exposure_illicit_indirect_in_share", "exposure_illicit_direct_in_share"
TRUNCATED = "exposure_truncated_ratio"


def measure(name: str, ledger: Ledger, labels: pd.DataFrame, honest: pd.DataFrame) -> list[Measure]:
    """Exposure of deposits of illicit money by one go-between, and of honest wallets dusted.

    Parameters
    ----------
    name
        Of the case.
    ledger, labels
        Whose illicit wallets pay.
    honest
        Spine (n, 2) of honest wallets.
    """
    return [*_trails(name, ledger, labels), *_caps(name, ledger, labels, honest)]


def _illicit(ledger: Ledger, labels: pd.DataFrame) -> tuple[list[str], pd.Timestamp]:
    """Known illicit wallets of the ledger, and an instant after all that is known."""
    names = labels.loc[labels["label"] == "illicit", "wallet"].drop_duplicates()
    names = names[ledger.codes(names) >= 0]
    last = ledger.last_timestamp
    assert last is not None
    return names.tolist(), max(labels["known_at"].max(), last) + pd.Timedelta(1, "D")


def _exposure(
    ledger: Ledger, frame: pd.DataFrame, wallets: list[str], labels: pd.DataFrame
) -> pd.DataFrame:
    """Exposure just after some transfers, which are taken back."""
    ledger.append(frame)
    end = frame["timestamp"].max() + pd.Timedelta(1, "us")
    spine = pd.DataFrame({"wallet": wallets, "as_of": end})
    table = feature_table(ledger, spine, labels=labels, views=(EXPOSURE,))
    ledger.retract(frame["tx_id"].tolist()[::-1])
    return table


def _trails(name: str, ledger: Ledger, labels: pd.DataFrame) -> list[Measure]:
    bad, begin = _illicit(ledger, labels)
    nobody = np.array([AMOUNT])
    deposits = [
        Target(f"deposit {slot}", begin.value // 1000, nobody, nobody, whom, slot=slot)
        for slot, whom in enumerate(bad[:TRAILS])
    ]
    ways: dict[str, Callable[[Target], list[Move]]] = {"nothing": HOPS[0].plain}
    ways |= {f"{way.size} of {way.name}": way.moves for way in HOPS}
    found = []
    for number, (way, moves) in enumerate(ways.items()):
        made = [(move, one.as_of) for one in deposits for move in moves(one)]
        frame = transfers_of(made, ledger.unit, f"trail{number}")
        table = _exposure(ledger, frame, [one.wallet for one in deposits], labels)
        share, cut = table[INDIRECT].fillna(0.0), table[TRUNCATED]
        what = f"{name}: illicit share behind a go-between, {way}"
        found += [
            Measure(what, float(share.median()), "", float(share.min()), float(share.max())),
            Measure(f"{what}: rows that say truncated", float(cut.mean()), ""),
        ]
    return found


def _caps(name: str, ledger: Ledger, labels: pd.DataFrame, honest: pd.DataFrame) -> list[Measure]:
    bad, begin = _illicit(ledger, labels)
    some = honest["wallet"].tolist()[:HONEST]
    dust = [
        (Move(second, bad[0], wallet, UNIT_DUST), begin.value // 1000)
        for wallet in some
        for second in range(CAP_DUST)
    ]
    frame = transfers_of(dust, ledger.unit, "cap")
    table = _exposure(ledger, frame, some, labels)
    share, searched = table[DIRECT], table["exposure_searched_in_share"]
    what = f"{name}: honest wallets after {CAP_DUST:,} dust payments"
    low, high = float(share.min()), float(share.max())
    return [
        Measure(f"{what}: illicit direct share", float(share.median()), "", low, high),
        Measure(f"{what}: searched share", float(searched.median()), ""),
        Measure(f"{what}: rows that say truncated", float(table[TRUNCATED].mean()), ""),
    ]
