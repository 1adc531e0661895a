"""What the stage on labels in the neighbourhood lets the view know, and its control."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, check_labels
from tests.strategies import at, transfers
from training.split_rows import SplitRows

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "0008-training"))

import stage_around  # noqa: E402 - its folder must be importable first


def labels() -> pd.DataFrame:
    rows = [("a", "illicit"), ("b", "licit"), ("c", "illicit"), ("never asked about", "licit")]
    frame = pd.DataFrame(rows, columns=["wallet", "label"])
    return check_labels(frame.assign(known_at=at(0)))


def world() -> stage_around.World:
    asked = [("a", 5), ("a", 9), ("b", 7), ("c", 20)]
    index = pd.MultiIndex.from_tuples(
        [(wallet, at(second)) for wallet, second in asked], names=["wallet", "as_of"]
    )
    rows = SplitRows(
        train=np.array([1, 2]), calibrate=np.array([0]), test=np.array([3]),
        y_true=np.array([1, 1, 0, 1], np.int8), confidence=np.ones(4),
        unlabelled=np.array([], np.int64), seen=np.zeros(4, bool), listed=np.zeros(4, bool),
        dropped={},
    )  # fmt: skip
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    return stage_around.World(ledger, labels(), pd.DataFrame(index=index), rows, None)  # type: ignore[arg-type]


def test_only_wallets_that_are_learnt_from_are_known_each_late_by_the_delay() -> None:
    assert set(world().known(None)["wallet"]) == {"a", "b"}
    known = world().known(2).set_index("wallet")["known_at"]
    day = pd.Timedelta(1, "D")
    assert known.to_dict() == {"a": at(5) + 2 * day, "b": at(7) + 2 * day}
    check_labels(world().known(2))


@given(st.integers(0, 2**32 - 1))
def test_swapped_labels_are_the_same_labels_of_the_same_wallets_at_the_same_instants(
    seed: int,
) -> None:
    known = labels().assign(known_at=[at(second) for second in range(4)])
    swapped = stage_around.permuted(known, seed)
    pd.testing.assert_frame_equal(swapped[["wallet", "known_at"]], known[["wallet", "known_at"]])
    assert sorted(swapped["label"]) == sorted(known["label"])


def test_some_draw_does_swap() -> None:
    draws = [stage_around.permuted(labels(), seed)["label"].tolist() for seed in range(5)]
    assert any(draw != labels()["label"].tolist() for draw in draws)
