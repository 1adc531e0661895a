"""What is told of the wallets of a subgraph."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features import Ledger, RiskError, feature_table
from features.ledger import microseconds
from features.past import NO_LABELS, Past, label_events, past_of
from features.subgraphs import Described, Subgraphs, known_labels, node_rows, subgraphs
from features.views.coverage import COVERAGE
from features.views.timing import TIMING
from tests import compare
from tests.strategies import START, World, at, fan_out, spine, worlds

VIEWS = Described((COVERAGE, TIMING), far=1)
DAY_S = 86_400


def around(world: World) -> tuple[Ledger, Past, Subgraphs]:
    ledger, rows = world.ledger(), world.spine
    codes = ledger.codes(rows["wallet"])
    asked = past_of(ledger, codes, microseconds(rows["as_of"]), label_events(ledger, world.labels))
    return ledger, asked, subgraphs(asked, ledger.assets, fan_out=(3, 2))


@given(worlds())
def test_a_node_has_the_row_of_its_wallet(world: World) -> None:
    ledger, asked, found = around(world)
    names = [ledger.wallet(code) if code >= 0 else "nobody" for code in found.code.tolist()]
    when = world.spine["as_of"].iloc[found.row].reset_index(drop=True)
    for bucket_s in (0, DAY_S):
        instants = when if not bucket_s else when.dt.floor("1D")
        table = feature_table(
            ledger, pd.DataFrame({"wallet": names, "as_of": instants}), views=VIEWS.near
        )
        table.iloc[found.hops[2] :, len(COVERAGE.columns) :] = np.nan
        told = node_rows(ledger, asked, found, views=VIEWS, bucket_s=bucket_s)
        compare.same_bits(told, table.to_numpy(), list(table.columns))


@given(worlds())
def test_only_what_was_known_of_others_is_told(world: World) -> None:
    ledger, asked, found = around(world)
    told = known_labels(asked, found)
    assert not told[: found.n_rows].any()
    labels = world.labels
    for node in range(found.n_rows, len(found.code)):
        wallet, as_of = ledger.wallet(int(found.code[node])), world.spine["as_of"][found.row[node]]
        own = labels[(labels["wallet"] == wallet) & (labels["known_at"] < as_of)]
        if own.empty:
            assert not told[node].any()
        assert told[node, :2].sum() <= 1


def test_a_label_counts_from_when_it_was_known_and_never_of_the_wallet_itself() -> None:
    ledger = Ledger.from_transfers(fan_out(2))
    known_at = START + pd.Timedelta("1D")
    labels = pd.DataFrame(
        {
            "wallet": ["leaf0", "leaf1", "hub"],
            "label": ["illicit", "licit", "illicit"],
            "known_at": known_at,
            "source": "a list",
            "confidence": 1.0,
        }
    )
    for when, illicit in ((known_at, 0.0), (known_at + pd.Timedelta("2D"), 1.0)):
        rows = spine(["hub"], when)
        asked = past_of(
            ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]),
            label_events(ledger, labels),
        )  # fmt: skip
        told = known_labels(asked, subgraphs(asked, ledger.assets, fan_out=(4,)))
        expected = [[0, 0, 0], [0, illicit, math.log(3)], [illicit, 0, math.log(3)]]
        np.testing.assert_allclose(told, np.array(expected) * [1, 1, illicit])


def test_a_negative_bucket_is_refused() -> None:
    ledger = Ledger.from_transfers(fan_out(2))
    rows = spine(["hub"], at(99))
    asked = past_of(ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]), NO_LABELS)
    with pytest.raises(RiskError, match="bucket_s must be 0 or more"):
        node_rows(
            ledger, asked, subgraphs(asked, ledger.assets, fan_out=(4,)), views=VIEWS, bucket_s=-1
        )
