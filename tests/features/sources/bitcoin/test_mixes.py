"""CoinJoins are known as mixers, and paths end there."""

import pandas as pd

from features import Ledger, check_labels, feature_table
from features.sources.bitcoin.flows import transfers
from features.sources.bitcoin.mixes import mixes
from features.views.exposure import EXPOSURE
from tests import coins

POOL = 1_000_000
MIXERS = [(f"in{n}", POOL + 500 * (n < 2)) for n in range(5)]
MIX = (MIXERS, [(f"out{n}", POOL) for n in range(5)])


def test_a_coinjoin_is_a_mixer_without_a_verdict_from_its_block_on() -> None:
    labels = check_labels(mixes(coins.records(([("a", 2)], [("b", 1)]), MIX)))
    (row,) = labels.to_dict("records")
    assert (row["wallet"], row["label"], row["category"]) == ("tx:1", "none", "mixer")
    assert row["original"] == "coinjoin whirlpool"
    assert row["known_at"] == pd.Timestamp(coins.TIME + 1, unit="s", tz="UTC")


def test_without_a_coinjoin_there_are_no_labels() -> None:
    assert not len(check_labels(mixes(coins.records(([("a", 2)], [("b", 1)])))))


def test_a_path_ends_at_the_coinjoin_and_not_behind_it() -> None:
    records = coins.records(([("thief", POOL)], [("in3", POOL)]), MIX)
    known_at = pd.Timestamp("2019-01-01", tz="UTC")
    thief = pd.DataFrame(
        {"wallet": ["thief"], "label": "illicit", "category": "theft", "known_at": known_at}
    )
    known = check_labels(pd.concat([mixes(records), thief], ignore_index=True))
    ledger = Ledger.from_transfers(transfers(records))
    asked = pd.DataFrame({"wallet": ["in3", "out0"], "as_of": "2019-06-01T00:00:00Z"})
    row = feature_table(ledger, asked, labels=known, views=(EXPOSURE,)).set_axis(asked["wallet"])
    assert row.loc["in3", "exposure_theft_direct_in_share"] == 1.0
    assert row.loc["out0", "exposure_mixer_direct_in_share"] == 1.0
    assert row.loc["out0", "exposure_theft_indirect_in_share"] == 0.0
    assert row.loc[["out0"], "exposure_theft_in_hops"].isna().all()
