"""Entities: the same numbers as of a ledger with one name for their wallets, and what they cost."""

import time

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.common.bitcoin_data import block_data
from experiments.common.results import Measure, summary
from features import Ledger, feature_table
from features.clusters import Clusters
from features.clusters.contraction import contracted
from features.clusters.entity import MOST_TRANSFERS, MOST_WALLETS, Entity, entity_of
from features.past import NO_LABELS
from features.sources.bitcoin.common_inputs import spent_together
from features.sources.bitcoin.flows import transfers
from features.table import compute_rows

REBUILT, TIMED = 20, 400
SEED = 20261128


def measure(quick: bool) -> list[Measure]:
    """Real blocks, then an entity as large as is scored."""
    frame = transfers(records := block_data())
    ledger, clusters = Ledger.from_transfers(frame, chain="bitcoin"), Clusters()
    clusters.append(*spent_together(records))
    as_of = (ledger.last_time or 0) + 1
    names = np.array(clusters.names.all_text().to_pylist())
    sizes = clusters.sizes(pa.array(names, pa.large_string()), np.full(names.size, as_of))
    random = np.random.default_rng(SEED)
    several = names[(sizes > 1) & (ledger.codes(pa.array(names, pa.large_string())) >= 0)]
    chosen = random.choice(several, 5 if quick else REBUILT, replace=False).tolist()
    differing = sum(_differing(frame, ledger, clusters, wallet, as_of) for wallet in chosen)
    timed = random.choice(several, 20 if quick else TIMED).tolist()
    pairs = [  # in turns, so that what else the machine does meets both
        (_wallet_ms(ledger, wallet, as_of), _entity_ms(ledger, clusters, wallet, as_of))
        for wallet in timed
    ]
    alone, together = zip(*pairs[1:], strict=True)  # the first loads the kernels
    members = [entity_of(clusters, ledger, wallet, as_of).wallets for wallet in timed]
    return [
        Measure("entities: addresses that spent with others, in the ledger", several.size, ""),
        Measure("entities: wallets of one, median", float(np.median(members)), ""),
        Measure("entities: wallets of one, most", max(members), ""),
        Measure("entities: rows unlike those of a rebuilt ledger", differing, "", target=0),
        Measure("entities: row of a wallet, median", float(np.median(alone)), "ms"),
        Measure("entities: row of its entity, median", float(np.median(together)), "ms"),
        Measure("entities: row of its entity, p99", float(np.quantile(together, 0.99)), "ms"),
        *_largest(quick),
    ]


def _row(ledger: Ledger, code: int, as_of: int) -> None:
    compute_rows(ledger, np.array([code], np.int32), np.array([as_of]), labels=NO_LABELS)


def _wallet_ms(ledger: Ledger, wallet: str, as_of: int) -> float:
    begin = time.perf_counter()
    _row(ledger, ledger.code(wallet), as_of)
    return 1e3 * (time.perf_counter() - begin)


def _entity_ms(ledger: Ledger, clusters: Clusters, wallet: str, as_of: int) -> float:
    begin = time.perf_counter()
    entity = entity_of(clusters, ledger, wallet, as_of)
    with contracted(ledger, entity.codes, as_of):
        _row(ledger, entity.code, as_of)
    return 1e3 * (time.perf_counter() - begin)


def _differing(
    frame: pd.DataFrame, ledger: Ledger, clusters: Clusters, wallet: str, as_of: int
) -> int:
    """1 where the entity's row is not that of a ledger built anew, to the last bit."""
    entity = entity_of(clusters, ledger, wallet, as_of)
    members = clusters.members(wallet, as_of) if entity.whole else [wallet]
    one = ledger.wallet(entity.code)
    asked = pd.DataFrame({"wallet": [one], "as_of": [pd.Timestamp(as_of, unit="us", tz="UTC")]})
    with contracted(ledger, entity.codes, as_of):
        found = feature_table(ledger, asked)
    names = dict.fromkeys(members, one)
    ends = {end: frame[end].map(lambda name: names.get(name, name)) for end in ENDS}
    among = frame["sender"].isin(members) & frame["recipient"].isin(members)
    kept = ~among | (frame["sender"] == frame["recipient"])
    rebuilt = Ledger.from_transfers(frame.assign(**ends)[kept], chain="bitcoin")
    expected = feature_table(rebuilt, asked)
    return int(found.to_numpy().tobytes() != expected.to_numpy().tobytes())


ENDS = ("sender", "recipient")


def _largest(quick: bool) -> list[Measure]:
    """An entity of as many wallets and transfers as are scored, among ten times as many."""
    transfers_of_it = 1_000 if quick else MOST_TRANSFERS
    wallets = 100 if quick else MOST_WALLETS
    random = np.random.default_rng(SEED)
    n = 10 * transfers_of_it
    ends = random.integers(wallets, n // 10, (n, 2))
    ends[ends[:, 0] == ends[:, 1], 1] += 1
    own = random.choice(n, transfers_of_it, replace=False)
    ends[own, random.integers(0, 2, own.size)] = random.integers(0, wallets, own.size)
    frame = pd.DataFrame(
        {
            "tx_id": np.char.mod("t%d", np.arange(n)),
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(np.sort(random.integers(0, 10**7, n)), unit="s"),
            "sender": np.char.mod("w%d", ends[:, 0]),
            "recipient": np.char.mod("w%d", ends[:, 1]),
            "amount": random.lognormal(size=n),
            "asset": "ETH",
        }
    )
    ledger = Ledger.from_transfers(frame)
    ledger.reserve(2 * transfers_of_it)
    codes = ledger.codes([f"w{number}" for number in range(wallets)])
    entity, as_of = Entity(codes, wallets, [], whole=True), (ledger.last_time or 0) + 1
    within, rows = [], []
    for _ in range(5):
        begin = time.perf_counter()
        with contracted(ledger, entity.codes, as_of):
            middle = time.perf_counter()
            _row(ledger, entity.code, as_of)
            rows.append(1e3 * (time.perf_counter() - middle))
        within.append(1e3 * (time.perf_counter() - begin) - rows[-1])
    return [
        summary("entities: as large as is scored, making it one and undoing that", within, "ms"),
        summary("entities: as large as is scored, its row", rows, "ms"),
    ]
