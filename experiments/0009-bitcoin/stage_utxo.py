"""The view utxo on real transactions: what it tells, whom it tells apart, and how fast."""

import time

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.common.bitcoin_data import DATA, block_data, coinjoin_data
from experiments.common.results import Measure, SkippedError
from features import Ledger, feature_table
from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.past import NO_LABELS
from features.sources.bitcoin.coinjoin import KINDS, coinjoins
from features.sources.bitcoin.flows import stand_between, transfers
from features.sources.bitcoin.records import Records
from features.table import compute_rows
from features.views.utxo.utxo import UTXO

TAGS = DATA / "bitcoin_labels" / "graphsense_tagpacks.parquet"
FAR = 3  # peelings in a row
LEAST = 5  # labelled addresses that a comparison needs
LATENCY_MS = 5.0
Bools = npt.NDArray[np.bool_]


def measure(repeats: int) -> list[Measure]:
    """Figures of labelled CoinJoins, and of ordinary blocks; a row an address, at the end."""
    if not TAGS.exists():
        raise SkippedError(f"needs the data set {TAGS.parent.name} (WALLETRISK_DATA)")
    return [*_mixes(), *_blocks(repeats)]


def _ledger(records: Records) -> Ledger:
    frame = transfers(records).drop(columns=["block", "fee"])
    return Ledger.from_transfers(frame, chain="bitcoin")


def _questions(ledger: Ledger) -> pd.DataFrame:
    assert ledger.last_timestamp is not None
    names = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    addresses = [name for name in names if not name.startswith(PSEUDO_PREFIX)]
    as_of = ledger.last_timestamp + pd.Timedelta(1, "s")
    return pd.DataFrame({"wallet": addresses, "as_of": as_of})


def _through(records: Records, table: pd.DataFrame) -> "pd.Series[bool]":
    """Of the transactions that stand between, whether their payees met a CoinJoin, by id."""
    frame = transfers(records)
    out = frame[frame["sender"].str.startswith(PSEUDO_PREFIX)]
    met = out["recipient"].map(table["utxo_coinjoin_in_share"]) > 0
    return met.groupby(out["tx_id"]).mean() > 1 / 2


def _mixes() -> list[Measure]:
    """Labelled CoinJoins that the shape of flows shows, and other transactions that it takes."""
    records, _ = coinjoin_data()
    ledger, found = _ledger(records), []
    table = feature_table(ledger, _questions(ledger), views=(UTXO,)).droplevel("as_of")
    met = _through(records, table).reindex(records.head.txid.to_pylist(), fill_value=False)
    kinds = coinjoins(records)
    for kind, name in enumerate(KINDS[1:], start=1):
        of = kinds == kind
        named = f"utxo: {name} by the rules ({of.sum()}), seen in the flows"
        found.append(Measure(named, met.to_numpy()[of].mean(), ""))
    return found


def _blocks(repeats: int) -> list[Measure]:
    """Ordinary blocks of five hours: false mixes, peelings, tagged addresses, speed."""
    records = block_data()
    ledger = _ledger(records)
    asked = _questions(ledger)
    feature_table(ledger, asked.iloc[:10], views=(UTXO,))  # compile
    begun = time.perf_counter()
    table = feature_table(ledger, asked, views=(UTXO,)).droplevel("as_of")
    seconds = time.perf_counter() - begun
    met = _through(records, table).reindex(records.head.txid.to_pylist(), fill_value=False)
    huge = stand_between(records) & (coinjoins(records) == 0) & ~records.coinbase
    far = (table[["utxo_peel_in_hops", "utxo_peel_out_hops"]].max(axis=1) >= FAR).mean()
    return [
        Measure("utxo: huge transactions", int(huge.sum()), ""),
        Measure("utxo: of these, taken for a CoinJoin", int(met.to_numpy()[huge].sum()), ""),
        Measure("utxo: addresses", len(table), ""),
        Measure(f"utxo: of these, on {FAR} peelings in a row", far, ""),
        Measure("utxo: a row", seconds / len(table) * 1e6, "µs"),
        Measure("utxo: the busiest address", _busiest(ledger, repeats), "ms", target=LATENCY_MS),
        *_tagged(table),
    ]


def _busiest(ledger: Ledger, repeats: int) -> float:
    """Milliseconds of a row of the address with most transfers."""
    n = ledger.n_wallets
    moved = ledger.incoming.side.count[:n].astype(np.int64) + ledger.outgoing.side.count[:n]
    busiest = next(
        code
        for code in np.argsort(-moved).tolist()
        if not ledger.wallet(code).startswith(PSEUDO_PREFIX)
    )
    code, taken = np.array([busiest], np.int32), []
    instant = np.array([(ledger.last_time or 0) + 1])
    for _ in range(repeats):
        begun = time.perf_counter()
        compute_rows(ledger, code, instant, labels=NO_LABELS, views=(UTXO,))
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1_000


def _tagged(table: pd.DataFrame) -> list[Measure]:
    """Tagged addresses beside those without a tag: the column that tells them apart best."""
    tags = pd.read_parquet(TAGS).query("currency == 'BTC'").drop_duplicates("address")
    known = table.join(tags.set_index("address")[["category", "abuse"]])
    plain, found = known["category"].isna() & known["abuse"].isna(), []
    groups = {
        "exchanges": known["category"] == "exchange",
        "miners": known["category"] == "miner",
        "abusers": known["abuse"].notna(),
    }
    for name, group in groups.items():
        found.append(Measure(f"utxo: tagged {name}", int(group.sum()), ""))
        areas = {
            column: _auc(known[column], group.to_numpy(), plain.to_numpy()) for column in table
        }
        best = max(areas, key=lambda column: abs(areas[column] - 0.5))
        found.append(Measure(f"utxo: {name} by {best}, AUC", areas[best], ""))
    return found


def _auc(values: "pd.Series[float]", group: Bools, others: Bools) -> float:
    """Chance that one of a group has more than one of the others; .5 where too few have any."""
    known = values.notna().to_numpy()
    if (group & known).sum() < LEAST:
        return 0.5
    rank = values[known & (group | others)].rank()
    inside = rank[group[known & (group | others)]]
    n, m = len(inside), len(rank) - len(inside)
    return float((inside.sum() - n * (n + 1) / 2) / (n * m))
