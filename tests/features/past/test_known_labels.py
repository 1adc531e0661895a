"""Labels as kernels read them."""

import numpy as np
import pandas as pd
from hypothesis import given

from features import Ledger, feature_table, labels_as_of
from features.contracts.labels import check_labels
from features.past import (
    ILLICIT,
    LICIT,
    NO_VERDICT,
    UNLABELLED,
    ask,
    ever_labelled,
    label_at,
    label_events,
    past_of_spine,
)
from features.views.exposure import EXPOSURE
from tests.strategies import WALLETS, World, asked_late, at, spine, transfers, worlds

VERDICTS = {None: UNLABELLED, "licit": LICIT, "illicit": ILLICIT, "none": NO_VERDICT}


def labels(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["wallet", "label", "known_at", "confidence"])
    return frame.assign(known_at=[at(second) for second in frame["known_at"]])


def held(frame: pd.DataFrame, *seconds: float) -> list[int]:
    """Label of wallet a at each instant."""
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    asked = spine(["a"] * len(seconds), at(0)).assign(as_of=[at(second) for second in seconds])
    past = past_of_spine(ledger, asked, label_events(ledger, frame))
    return [label_at(past.labels, ask(past, row).wallet) for row in range(past.size)]


@given(worlds())
def test_agrees_with_labels_as_of(world: World) -> None:
    ledger = world.ledger()
    past = world.past(ledger)
    checked = check_labels(world.labels)
    for row, as_of in enumerate(world.spine["as_of"]):
        ask(past, row)
        said = checked[(checked["label"] != "none") | (checked["category"] != "victim")]
        chosen = labels_as_of(said, as_of).set_index("wallet")["label"].to_dict()
        for wallet in set(WALLETS) & set(ledger.wallets.all_text().to_pylist()):
            expected = VERDICTS[chosen.get(wallet)]
            assert label_at(past.labels, ledger.code(wallet)) == expected
            ever = ever_labelled(past.labels.start, ledger.code(wallet))
            assert ever == (wallet in set(said["wallet"]))


def test_a_label_holds_after_it_was_known() -> None:
    assert held(labels(("a", "illicit", 10, 1.0)), 10, 10.000001) == [UNLABELLED, ILLICIT]


def test_a_better_label_is_not_replaced_by_a_worse_one() -> None:
    frame = labels(("a", "illicit", 0, 0.9), ("a", "licit", 10, 0.5), ("a", "licit", 20, 0.9))
    assert held(frame, 5, 15, 25) == [ILLICIT, ILLICIT, LICIT]


def test_a_full_tie_is_illicit() -> None:
    assert held(labels(("a", "illicit", 0, 1.0), ("a", "licit", 0, 1.0)), 1) == [ILLICIT]


def test_a_sanction_that_was_lifted_is_still_seen_as_of_an_instant_before() -> None:
    frame = labels(("a", "illicit", 10, 1.0)).assign(until=at(20))
    asked = 10, 10.000001, 20, 20.000001
    assert held(frame, *asked) == [UNLABELLED, ILLICIT, ILLICIT, UNLABELLED]


def test_what_is_left_when_the_better_label_ends() -> None:
    frame = labels(("a", "licit", 0, 0.5), ("a", "illicit", 10, 1.0), ("a", "illicit", 30, 1.0))
    frame["until"] = pd.Series([None, at(20), at(40)], dtype="datetime64[us, UTC]")
    assert held(frame, 5, 15, 25, 35, 45) == [LICIT, ILLICIT, LICIT, ILLICIT, LICIT]


def test_an_end_between_two_labels_of_one_source_leaves_the_other() -> None:
    frame = labels(("a", "illicit", 0, 1.0), ("a", "illicit", 10, 1.0)).assign(
        until=[at(20), at(30)]
    )
    assert held(frame, 15, 25, 35) == [ILLICIT, ILLICIT, UNLABELLED]


def test_a_victim_is_not_a_labelled_wallet() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    frame = labels(("a", "none", 0, 1.0), ("b", "none", 0, 1.0)).assign(
        category=["victim", "mixer"]
    )
    events = label_events(ledger, frame)
    assert events.label.tolist() == [NO_VERDICT]
    assert ever_labelled(events.start, ledger.code("b"))
    assert not ever_labelled(events.start, ledger.code("a"))


def test_labels_of_strangers_are_left_out() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    events = label_events(ledger, labels(("z", "illicit", 0, 1.0)))
    assert events.label.size == 0
    assert events.start.tolist() == [0, 0, 0]


def test_wallets_that_came_after_the_labels_have_none() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    events = label_events(ledger, labels(("a", "illicit", 0, 1.0)))
    ledger.append(transfers([(5, "c", "d", 1.0)], prefix="new"))
    known, unknown = asked_late(ledger, "a", events), asked_late(ledger, "a")
    assert label_at(known.labels, ledger.code("a")) == ILLICIT
    assert label_at(known.labels, ledger.code("d")) == UNLABELLED
    assert label_at(unknown.labels, ledger.code("a")) == UNLABELLED


def test_labels_count_in_an_empty_ledger() -> None:
    ledger = Ledger.from_transfers(transfers([]))
    known = labels(("a", "illicit", 0, 1.0))
    values = feature_table(ledger, spine(["b"], at(9)), labels=known, views=(EXPOSURE,))
    np.testing.assert_array_equal(values["exposure_truncated_ratio"], 0.0)
