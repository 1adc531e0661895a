"""The loop: what is held back, and that a fit that was killed goes on to the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from training.networks.fit import balanced
from training.networks.stopping import held_back

LOOP = textwrap.dedent(
    """
    import sys, time, hashlib
    from pathlib import Path
    import numpy as np, torch
    from training.networks import checkpoint, fit
    from training.networks.session import kept_in
    from training.networks.batch import Batch
    from training.networks.checkpoint import Checkpoint
    from training.networks.layers import Edges
    from training.networks.network import Architecture, GraphNetwork

    checkpoint.SAVED_EVERY_S = 0.0
    slow = float(sys.argv[2])
    rng = np.random.default_rng(0)
    own = rng.normal(size=(64, 3)).astype(np.float32)
    y_true = (own[:, 0] > 0).astype(np.int8)
    none = Edges(torch.empty((2, 0), dtype=torch.int64), torch.empty((0, 1)), ())

    def batch(rows):
        time.sleep(slow)
        n = len(rows)
        empty = torch.empty((0, 1))
        return Batch(torch.from_numpy(own[rows]), torch.zeros(n, 1), torch.zeros(n, 3),
                     torch.arange(n), (n,), (none, none), (empty, empty), torch.zeros(n, 0, 0),
                     torch.zeros(n, 0, dtype=torch.bool))

    plan = fit.Plan(3, 6, 6, 16, 0.01, 0.01, 0.3)
    lesson = fit.Lesson(batch, y_true, np.ones(64), np.arange(48))
    with kept_in(Path(sys.argv[1])), fit.deterministic(3):
        network = GraphNetwork(Architecture("graphsage", 3, 1, 1, 1, 0, "gru", 4, 0, 0.5))
        best = fit.learn(network, lesson, lesson._replace(rows=np.arange(48, 64)), plan,
                         Checkpoint.of({"a": 1}, [own]))
    bits = b"".join(one.detach().numpy().tobytes() for one in network.parameters())
    print(best, hashlib.sha256(bits).hexdigest())
    """
)


def run(folder: Path, slow: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LOOP, str(folder), str(slow)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def test_a_fit_that_was_killed_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", 0.0).communicate(timeout=100)[0]
    assert whole
    killed = run(tmp_path / "killed", 0.2)
    while not list((tmp_path / "killed").glob("*.safetensors")):
        assert killed.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert run(tmp_path / "killed", 0.0).communicate(timeout=100)[0] == whole


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
