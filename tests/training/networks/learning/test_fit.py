"""The loop: what is held back, and that a fit that was killed goes on to the same bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.networks.layers import Edges  # noqa: E402
from training.networks.learning import checkpoint  # noqa: E402 - torch must be there
from training.networks.learning.fit import Lesson, Plan, balanced, deterministic, learn  # noqa: E402
from training.networks.learning.session import kept_in  # noqa: E402
from training.networks.learning.stopping import held_back  # noqa: E402
from training.networks.network import Architecture, GraphNetwork  # noqa: E402
from training.networks.reading.batch import Batch  # noqa: E402

OWN = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
PLAN = Plan(3, 6, 6, 16, 0.01, 0.01, 0.3, 0.0)


def batch(rows: np.ndarray) -> Batch:
    n, empty = len(rows), torch.empty((0, 1))
    none = Edges(torch.empty((2, 0), dtype=torch.int64), empty, ())
    return Batch(
        torch.from_numpy(OWN[rows]), torch.zeros(n, 1), torch.zeros(n, 3), torch.arange(n), (n,),
        (none, none), (empty, empty), torch.zeros(n, 0, 0), torch.zeros(n, 0, dtype=torch.bool),
    )  # fmt: skip


def taught(folder: Path, read: Callable[[np.ndarray], Batch]) -> tuple[int, bytes]:
    y_true = (OWN[:, 0] > 0).astype(np.int8)
    lesson = Lesson(read, y_true, np.ones(64), np.arange(48))
    with kept_in(folder), deterministic(3):
        network = GraphNetwork(Architecture("graphsage", 3, 1, 1, 1, 0, "gru", 4, 0, 0.5))
        kept = checkpoint.Checkpoint.of({}, [OWN])
        best = learn(network, lesson, lesson._replace(rows=np.arange(48, 64)), PLAN, kept)
    weights = [one.detach().numpy().tobytes() for one in network.parameters()]
    return best, b"".join(weights)


@pytest.mark.parametrize("after", [3, 9, 20])
def test_a_fit_that_was_ended_goes_on_to_the_same_bits(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "SAVED_EVERY_S", -1.0)
    whole = taught(tmp_path / "whole", batch)
    assert not (tmp_path / "whole").exists()
    read = 0

    def ended(rows: np.ndarray) -> Batch:
        nonlocal read
        read += 1
        if read > after:
            raise KeyboardInterrupt
        return batch(rows)

    with pytest.raises(KeyboardInterrupt):
        taught(tmp_path / "ended", ended)
    if after > 3:
        assert list((tmp_path / "ended").glob("*.safetensors"))
    read = -1000
    assert taught(tmp_path / "ended", ended) == whole
    assert read < -1000 + 4 * 6 + 1 + (after <= 3)


def weights_of(own: np.ndarray, plan: Plan, untold: Any) -> bytes:
    y_true = (OWN[:, 0] > 0).astype(np.int8)

    def read(rows: np.ndarray) -> Batch:
        return batch(rows)._replace(own=torch.from_numpy(own[rows]))

    lesson = Lesson(read, y_true, np.ones(64), np.arange(64), untold=untold)
    with deterministic(3):
        network = GraphNetwork(Architecture("graphsage", 3, 1, 1, 1, 0, "gru", 4, 0, 0.5))
        learn(network, lesson, None, plan, checkpoint.Checkpoint.of({}, [OWN]))
    return b"".join(one.detach().numpy().tobytes() for one in network.parameters())


def test_rows_that_are_told_of_nobody_are_the_hidden_share() -> None:
    bare = OWN * np.array([0, 1, 1], np.float32)
    every, half = PLAN._replace(hide_known=1.0), PLAN._replace(hide_known=0.5)
    untold = torch.from_numpy(bare)
    assert weights_of(OWN, every, untold) == weights_of(bare, every, None)
    assert weights_of(OWN, PLAN, untold) == weights_of(OWN, PLAN, None)
    some = weights_of(OWN, half, untold)
    assert some not in {weights_of(OWN, half, None), weights_of(bare, half, None)}


def test_rows_to_stop_by_are_later_and_of_other_wallets() -> None:
    generator = np.random.default_rng(0)
    groups, as_of = generator.integers(0, 60, 400), generator.integers(0, 1000, 400)
    groups = np.where(as_of > 500, groups + 60 * generator.integers(0, 2, 400), groups)
    y_true = generator.integers(0, 2, 400).astype(np.int8)
    held = held_back(as_of, groups, y_true, 0.2, seed=1)
    assert as_of[held.learn].max() < as_of[held.stop].min()
    assert not set(groups[held.learn]) & set(groups[held.stop])
    assert len(held.stop) > 20


def test_rows_of_one_instant_are_held_back_by_wallet() -> None:
    groups, y_true = np.repeat(np.arange(100), 2), np.tile([0, 1], 100).astype(np.int8)
    held = held_back(np.zeros(200, np.int64), groups, y_true, 0.2, seed=1)
    assert len(held.learn) + len(held.stop) == 200
    assert not set(groups[held.learn]) & set(groups[held.stop])
    assert 10 < len(held.stop) < 80


def test_weights_are_balanced_between_the_classes() -> None:
    y_true = np.array([1, 0, 0, 0, 1, 0], np.int8)
    weight = balanced(y_true, np.array([0.5, 1, 2, 0.5, 1, 1]))
    assert weight[y_true == 1].sum() == pytest.approx(weight[y_true == 0].sum())
    one_class = np.array([0.5, 1.5])
    np.testing.assert_array_equal(balanced(np.ones(2, np.int8), one_class), one_class)


def test_a_fit_to_all_rows_is_not_taken_up_from_one_that_held_some_back(tmp_path: Path) -> None:
    learnt, stop, rows = np.arange(3), np.arange(3, 5), np.arange(5)
    with kept_in(tmp_path):
        files = {
            checkpoint.Checkpoint.of({}, arrays).file
            for arrays in ([learnt, stop], [rows, np.empty(0)], [rows, np.empty(0, np.int64)])
        }
        assert len(files) == 3
        assert checkpoint.Checkpoint.of({}, [learnt, stop]).file in files
