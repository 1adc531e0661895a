"""What an encoder learns without labels: the wallet's next transfer, and transfers hidden from it.

References
----------
Hu et al., "Strategies for pre-training graph neural networks" (2020), section 3.1: attributes of
edges are masked and foretold from what is around them. Xu et al., "Inductive representation
learning on temporal graphs" (2020), section 4: what comes next in time teaches without labels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from training.networks.network import Architecture, Encoder
from training.networks.pretraining.next_transfer import Questions
from training.networks.reading.batch import Batch

HIDDEN_SHARE = 0.2  # of the transfers into the roots
TASKS = ("gap", "value", "new", "sent", "masked")


class Answers(NamedTuple):
    """What came next, as tensors (n,): gap and value standardised, new and sent 0 or 1."""

    gap: Tensor
    value: Tensor
    new: Tensor
    sent: Tensor

    @classmethod
    def of(cls, asked: Questions, usual: tuple[float, float, float, float]) -> Answers:
        """Standardise by mean and deviation of gap, then of value."""
        gap, value = (asked.gap - usual[0]) / usual[1], (asked.value - usual[2]) / usual[3]
        parts = (gap, value, asked.new, asked.sent)
        return cls(*(torch.from_numpy(part).to(torch.float32) for part in parts))


class Masked(NamedTuple):
    """A batch with some transfers into its roots hidden, and what they were.

    Attributes
    ----------
    batch
        In which what these transfers carry is 0, and their times are unknown.
    hidden
        Of either side the places of them.
    """

    batch: Batch
    hidden: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, batch: Batch, generator: torch.Generator) -> Masked:
        """Hide transfers at random; the other ends stay in sight."""
        hidden, sides, ages = [], [], []
        for edges, age in zip(batch.sides, batch.ages, strict=True):
            near = edges.ends[0] if edges.ends else 0
            chosen = torch.nonzero(torch.rand(near, generator=generator) < HIDDEN_SHARE).squeeze(1)
            chosen = chosen.to(edges.state.device)
            hidden.append(chosen)
            sides.append(edges._replace(state=edges.state.index_fill(0, chosen, 0.0)))
            ages.append(age.index_fill(0, chosen, torch.nan))
        kept = batch._replace(sides=(sides[0], sides[1]), ages=(ages[0], ages[1]))
        return cls(kept, (hidden[0], hidden[1]))


class Pretext(nn.Module):
    """An encoder, and heads that are thrown away once it has learnt.

    What is hidden is foretold without the tower, which reads the same transfers.
    """

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        state = (2 if shape.steps else 1) * shape.hidden
        self.next = nn.Sequential(
            nn.Linear(state, shape.hidden), nn.ReLU(), nn.Linear(shape.hidden, 4)
        )
        self.masked = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2 * shape.hidden, shape.hidden),
                nn.ReLU(),
                nn.Linear(shape.hidden, shape.edge),
            )
            for _ in range(2)
        )

    def losses(self, batch: Batch, masked: Masked, answers: Answers) -> Tensor:
        """Return (5,), the loss of each of :data:`TASKS`, of about 1 for who knows nothing."""
        state = self.encoder(masked.batch)
        gap, value, new, sent = self.next(state).unbind(dim=1)
        return torch.stack([
            2 * smooth_l1_loss(gap, answers.gap),
            2 * smooth_l1_loss(value, answers.value),
            binary_cross_entropy_with_logits(new, answers.new) / 0.6931,
            binary_cross_entropy_with_logits(sent, answers.sent) / 0.6931,
            self._hidden(batch, masked, state[:, : self.shape.hidden]),
        ])  # fmt: skip

    def _hidden(self, batch: Batch, masked: Masked, roots: Tensor) -> Tensor:
        """Foretell what hidden transfers carried, from the root's state and the child's row."""
        parts = []
        for head, edges, hidden in zip(self.masked, batch.sides, masked.hidden, strict=True):
            child, parent = edges.index[:, hidden]
            described = torch.cat([batch.nodes[child], batch.known[child]], dim=1)
            of_child = torch.relu(self.encoder.node(described))
            foretold = head(torch.cat([roots[parent], of_child], dim=1))
            parts.append((foretold - edges.state[hidden]).flatten())
        wrong = torch.cat(parts)
        if not len(wrong):
            return roots.new_zeros(())
        return 2 * smooth_l1_loss(wrong, torch.zeros_like(wrong))
