"""The loop: mini-batches in an order that the seed decides, early stopping, a state on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from features.errors import RiskError
from training.metrics import average_precision
from training.networks.learning.checkpoint import Checkpoint
from training.networks.learning.loader import device, moved, prefetched
from training.networks.learning.session import say_epoch
from training.networks.network import GraphNetwork
from training.networks.reading.batch import Batch

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

JUDGED_ROWS = 1024  # rows of a batch that only tells the loss


class Plan(NamedTuple):
    """How is learnt; see the parameters of the kinds of model.

    Attributes
    ----------
    hide
        Share of the rows of a batch around which no label is told.
    hide_known
        Share of those whose own columns tell of none either.
    """

    seed: int
    epochs: int
    patience: int
    batch_rows: int
    learning_rate: float
    weight_decay: float
    hide: float
    hide_known: float


class Lesson(NamedTuple):
    """Rows to learn from, or to judge by.

    Attributes
    ----------
    batch
        From ascending positions to what the network reads of these rows.
    y_true, weights
        Of all positions.
    rows
        int64, ascending positions that belong to it.
    ahead
        Whether a thread makes batches ahead: where they are read, not where they are held.
    untold
        Own rows of all positions, scaled, as if nobody's label were known; None where they tell of
        none.
    """

    batch: Callable[[Int64], Batch]
    y_true: NDArray[np.int8]
    weights: Float64
    rows: Int64
    ahead: bool = True
    untold: Tensor | None = None

    def batches(self, parts: Sequence[Int64]) -> Iterator[Batch]:
        """Make a batch of each of some parts of the positions."""
        return prefetched(self.batch, parts) if self.ahead else map(self.batch, parts)


class State(NamedTuple):
    """Where the loop is: epochs done, batches done of the next, and the best until now."""

    epoch: int
    at: int
    best: float
    best_epoch: int


def learn(
    network: GraphNetwork, lesson: Lesson, stop: Lesson | None, plan: Plan, kept: Checkpoint
) -> int:
    """Teach a network for as long as the loss on ``stop`` falls; return the best epoch.

    Without ``stop`` all epochs of the plan are learnt. Whatever is drawn follows from the seed,
    the epoch and the batch, so that a loop taken up from a checkpoint gives the same bits.

    Raises
    ------
    RiskError
        If the loss is not finite.
    """
    where = device()
    network.to(where)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )
    found = kept.restore(network, optimiser)
    state = State(0, 0, float("inf"), 0) if found is None else State(*found)
    weight = balanced(lesson.y_true[lesson.rows], lesson.weights[lesson.rows])
    while state.epoch < plan.epochs and not _is_spent(state, stop, plan):
        state = _epoch(network, optimiser, lesson, weight, plan, state, kept)
        loss, quality = float("nan"), ""
        if stop is not None:
            loss, area = judged(network, stop)
            quality = f"loss {loss:.4f}, PR-AUC {area:.3f}"
            if loss < state.best:
                state = state._replace(best=loss, best_epoch=state.epoch)
        stage = "epochs" if stop is not None else "epochs, all rows"
        say_epoch(stage, state.epoch, plan.epochs, quality)
        if kept.is_due():
            kept.save(network, optimiser, state)
    kept.save(network, optimiser, state)
    if not all(bool(torch.isfinite(one).all()) for one in network.parameters()) or (
        stop is not None and state.best_epoch == 0
    ):
        raise RiskError("the network's loss is not finite: lower learning_rate")
    return state.best_epoch


def _is_spent(state: State, stop: Lesson | None, plan: Plan) -> bool:
    return stop is not None and state.at == 0 and state.epoch - state.best_epoch >= plan.patience


def _epoch(
    network: GraphNetwork,
    optimiser: torch.optim.Optimizer,
    lesson: Lesson,
    weight: Float64,
    plan: Plan,
    state: State,
    kept: Checkpoint,
) -> State:
    """Learn from every row once, or from those of the epoch that are left."""
    network.train()
    mixed = np.random.default_rng((plan.seed, state.epoch)).permutation(len(lesson.rows))
    parts = [
        np.sort(mixed[at : at + plan.batch_rows]) for at in range(0, len(mixed), plan.batch_rows)
    ]
    where = device()
    made = lesson.batches([lesson.rows[part] for part in parts[state.at :]])
    for at, batch in enumerate(made, state.at):
        part = parts[at]
        untold = None if lesson.untold is None else lesson.untold[lesson.rows[part]].to(where)
        _step(network, optimiser, _hidden(moved(batch, where), untold, plan, (state.epoch, at)), (
            torch.from_numpy(lesson.y_true[lesson.rows[part]].astype(np.float32)).to(where),
            torch.from_numpy(weight[part].astype(np.float32)).to(where),
        ), np.random.default_rng((plan.seed, state.epoch, at, 1)))  # fmt: skip
        if kept.is_due() and at + 1 < len(parts):
            kept.save(network, optimiser, state._replace(at=at + 1))
    return state._replace(epoch=state.epoch + 1, at=0)


def _step(
    network: GraphNetwork,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    asked: tuple[torch.Tensor, torch.Tensor],
    generator: np.random.Generator,
) -> None:
    truth, weight = asked
    torch.manual_seed(int(generator.integers(2**62)))  # of what dropout leaves out
    optimiser.zero_grad()
    with torch.autocast(truth.device.type, torch.bfloat16, enabled=truth.device.type == "cuda"):
        said = network(batch)
    loss = binary_cross_entropy_with_logits(said.float(), truth, weight)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


def _hidden(batch: Batch, untold: Tensor | None, plan: Plan, at: tuple[int, int]) -> Batch:
    """Hide from some rows who is known, so that the network can also do without."""
    drawn = np.random.default_rng((plan.seed, *at)).random(batch.n_rows)
    shown, told = (
        torch.from_numpy(drawn >= share).to(batch.known.device)
        for share in (max(plan.hide, plan.hide_known), plan.hide_known)
    )
    own = batch.own if untold is None else torch.where(told[:, None], batch.own, untold)
    return batch._replace(known=batch.known * shown[batch.row][:, None], own=own)


def judged(network: GraphNetwork, lesson: Lesson) -> tuple[float, float]:
    """Return the loss, both classes weighing the same, and the PR-AUC on some rows."""
    network.eval()
    rows, where = lesson.rows, device()
    parts = [rows[at : at + JUDGED_ROWS] for at in range(0, len(rows), JUDGED_ROWS)]
    with torch.no_grad():
        said = torch.cat(
            [network(moved(batch, where)).float().cpu() for batch in lesson.batches(parts)]
        )
    y_true = lesson.y_true[rows]
    weight = balanced(y_true, lesson.weights[rows])
    truth = torch.from_numpy(y_true.astype(np.float32))
    loss: Any = binary_cross_entropy_with_logits(said, truth, torch.from_numpy(weight))
    return float(loss), average_precision(y_true, said.double().numpy())


def balanced(y_true: NDArray[np.int8], weights: Float64) -> Float64:
    """Return weights of rows (n,) under which both classes weigh the same.

    Their mix drifts from slice to slice, and calibration puts the prevalence back.
    """
    illicit = y_true == 1
    one, other = weights[illicit].sum(), weights[~illicit].sum()
    ratio = other / one if one > 0 and other > 0 else 1.0
    return np.where(illicit, ratio * weights, weights)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in this thread alone: sums have one order, and others go on meanwhile.

    Threads that score at the same time do not disturb each other: the number is one a thread.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """One thread, deterministic kernels, a seed of its own; all is put back afterwards.

    The last two are of the whole process: for learning, not for scores that several threads ask.
    """
    strict = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    try:
        with one_thread(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(strict)
