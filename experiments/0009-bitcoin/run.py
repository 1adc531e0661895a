"""Measure Bitcoin and clusters: `python experiments/0009-bitcoin/run.py`, see README.md."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402 - the repository must be importable first
import stage_clusters  # noqa: E402
import stage_deposits  # noqa: E402
import stage_entities  # noqa: E402
import stage_utxo  # noqa: E402

from experiments.common.bitcoin_data import (  # noqa: E402
    BLOCKS,
    COINJOINS,
    balances_by_coins,
    balances_by_transfers,
    block_data,
    coinjoin_data,
)
from experiments.common.results import (  # noqa: E402
    Measure,
    SkippedError,
    read_arguments,
    run_stages,
    summary,
)
from features.clusters import Clusters  # noqa: E402
from features.sources.bitcoin import common_inputs  # noqa: E402
from features.sources.bitcoin.coinjoin import KINDS, coinjoins  # noqa: E402
from features.sources.bitcoin.flows import transfers  # noqa: E402
from features.sources.bitcoin.records import Records  # noqa: E402

SEED = 20261128
REPEATS = 3
FOUND = {"whirlpool": 1.0, "wasabi2": 0.94, "wasabi1": 1.0}  # targets, of each label
FALSE_FLAGS = 42 / 72_663  # aimed for, of ordinary transactions
END = np.iinfo(np.int64).max
QUICK = 20_000  # spends


def main() -> None:
    arguments, _ = read_arguments(__doc__, tuple(STAGES), HERE / "result.json")

    def measure(stage: str) -> list[Measure]:
        return STAGES[stage](arguments.quick)

    run_stages(arguments.stages, measure, folder=HERE, result=arguments.result, seeds=[SEED])


def _need(data: Path) -> None:
    if not data.exists():
        raise SkippedError(f"needs the data set {data.name} (WALLETRISK_DATA)")


def coinjoin(_: bool) -> list[Measure]:
    """Shares of labelled CoinJoins that the rules find, and of ordinary transactions."""
    _need(COINJOINS)
    _need(BLOCKS)
    records, labels = coinjoin_data()
    kinds, found = coinjoins(records), []
    for label in sorted({each for of in labels for each in of if each.endswith("_coinjoin")}):
        of = kinds[labels.map(lambda every, one=label: one in every).to_numpy()]
        name = label.removesuffix("_coinjoin")
        named = f"coinjoin: labelled {name} ({of.size}), found"
        found.append(Measure(named, (of > 0).mean(), "", target=FOUND.get(name), at_least=True))
    blocks = block_data()
    ordinary = coinjoins(blocks)[~blocks.coinbase]
    name = f"coinjoin: ordinary ({ordinary.size}), flagged"
    found.append(
        Measure(name, (ordinary > 0).mean() * 10_000, "in 10,000", target=FALSE_FLAGS * 10_000)
    )
    for kind in KINDS[1:]:
        share = (ordinary == KINDS.index(kind)).mean() * 10_000
        found.append(Measure(f"coinjoin: ordinary, flagged as {kind}", share, "in 10,000"))
    return found


def flows(_: bool) -> list[Measure]:
    """Rows, speed, and what is lost when real transactions become transfers."""
    _need(BLOCKS)
    records = block_data()
    transfers(records)  # compile
    seconds = [_timed(lambda: transfers(records)) for _ in range(REPEATS)]
    frame = transfers(records)
    return [
        Measure("flows: transactions", len(records), ""),
        Measure("flows: transfers a transaction", len(frame) / len(records), ""),
        summary("flows: transactions a second", [len(records) / each for each in seconds], "1/s"),
        Measure("flows: addresses whose balance is off", _off(records), "", target=0),
    ]


def _off(records: Records) -> int:
    """Addresses whose balance by transfers is not that by coins, to the satoshi."""
    coins = balances_by_coins(records)
    gained = balances_by_transfers(transfers(records)).reindex(coins.index, fill_value=0)
    return int((gained != coins).sum())


def merging(_: bool) -> list[Measure]:
    """What CoinJoins do to clusters: with the rules, with the classic one alone, without any."""
    _need(COINJOINS)
    records, _labels = coinjoin_data()
    classic = KINDS.index("classic")

    def only_classic(of: Records) -> "np.ndarray[tuple[int], np.dtype[np.int8]]":
        return np.where(coinjoins(of) == classic, classic, 0).astype(np.int8)

    rules: dict[str, Callable[[Records], object]] = {
        "five rules": coinjoins,
        "the classic rule": only_classic,
        "no rule": lambda of: np.zeros(len(of), dtype=np.int8),
    }
    found = []
    for name, rule in rules.items():
        common_inputs.coinjoins = rule  # type: ignore[assignment]
        clusters = Clusters()
        clusters.append(*common_inputs.spent_together(records))
        every = clusters.names.all_text()
        sizes = clusters.sizes(every, np.full(len(every), END))
        found += [
            Measure(f"merging: largest cluster, {name}", int(sizes.max()), "addresses"),
            Measure(f"merging: addresses clustered, {name}", int((sizes > 1).sum()), "addresses"),
        ]
    common_inputs.coinjoins = coinjoins
    return found


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def speed(quick: bool) -> list[Measure]:
    """How fast the merge tree is built, asked and cut back."""
    return stage_clusters.measure(QUICK if quick else 5_000_000, REPEATS, SEED)


def entities(quick: bool) -> list[Measure]:
    """Whether entities are what they are defined as, and how fast."""
    _need(BLOCKS)
    return stage_entities.measure(quick)


def deposits(_: bool) -> list[Measure]:
    """What is found of Ethereum's deposit addresses."""
    data = BLOCKS.parent
    _need(data / "ethereum_phishing")
    _need(data / "ethereum_labels")
    return stage_deposits.measure(data)


def utxo(_: bool) -> list[Measure]:
    """What the view of the same name tells of real addresses."""
    _need(COINJOINS)
    _need(BLOCKS)
    return stage_utxo.measure(REPEATS)


STAGES = {
    "coinjoin": coinjoin,
    "flows": flows,
    "merging": merging,
    "utxo": utxo,
    "speed": speed,
    "entities": entities,
    "deposits": deposits,
}

if __name__ == "__main__":
    main()
