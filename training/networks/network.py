"""The network: what a wallet's row says, what arrives over its transfers, and a head over both."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from features.errors import RiskError
from training.networks.layers import Edges, Layer
from training.networks.reading.batch import Batch
from training.networks.tower import SequenceTower

KNOWN = 3  # columns of what is known of a node
WAVES = 8


@dataclass(frozen=True, slots=True)
class Architecture:
    """All that decides which weights there are.

    Parameters
    ----------
    kind
        Of the layers, one of ``training.networks.layers.CONVOLUTIONS``.
    own, node, edge, ages
        Columns of a row, of a node, of a transfer, and how many of these are times.
    steps
        Columns of one of the wallet's own latest transfers; 0: they are not read.
    tower
        What reads them, one of ``training.networks.tower.TOWERS``.
    hidden
        Width of all states.
    depth
        Number of layers: hops that are read.
    dropout
        Share of what is left out at random in training.
    """

    kind: str
    own: int
    node: int
    edge: int
    ages: int
    steps: int
    tower: str
    hidden: int
    depth: int
    dropout: float

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    def require(self, other: Self, what: str) -> None:
        """Raise RiskError with the difference unless the encoders of both take the same weights.

        The columns of the table's row and the dropout decide nothing of an encoder.
        """
        ours, theirs = self.to_json(), other.to_json()
        different = [
            f"{name} {theirs[name]!r} instead of {value!r}"
            for name, value in ours.items()
            if name not in ("own", "dropout") and theirs[name] != value
        ]
        if different:
            raise RiskError(f"{what} is of another network: {', '.join(different)}")


class TimeEncoding(nn.Module):
    """Cosines of the logarithm of a time, with frequencies that are learnt; 0 where it is missing.

    A logarithm, since behaviour differs between a minute and an hour as between a month and a year.

    References
    ----------
    Xu et al., "Inductive representation learning on temporal graphs" (2020), section 3.1; Kazemi et
    al., "Time2Vec" (2019), equation 1.
    """

    def __init__(self, times: int) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.logspace(-1.0, 1.0, WAVES).repeat(times, 1))
        self.phase = nn.Parameter(torch.zeros(times, WAVES))

    def forward(self, ages: Tensor) -> Tensor:
        """Return (e, times x WAVES) of logarithms of seconds (e, times)."""
        missing = torch.isnan(ages)[..., None]
        angle = torch.where(missing, 0.0, ages[..., None]) * self.frequency + self.phase
        return torch.where(missing, 0.0, torch.cos(angle)).flatten(1)


class Encoder(nn.Module):
    """From the transfers around a wallet to one state of it: what pretraining can learn."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.node = nn.Linear(shape.node + KNOWN, shape.hidden)
        self.edge = nn.Linear(shape.edge + WAVES * shape.ages, shape.hidden)
        self.time = TimeEncoding(shape.ages)
        self.layers = nn.ModuleList(
            Layer(shape.kind, shape.hidden, shape.dropout, last=at == shape.depth - 1)
            for at in range(shape.depth)
        )
        self.tower = SequenceTower(shape.steps, shape.hidden, shape.tower) if shape.steps else None
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, batch: Batch) -> Tensor:
        """Return (n, hidden), or (n, 2 hidden) with the wallet's own sequence beside it."""
        return torch.cat([self.arrived(batch), *self.sequence(batch)], dim=1)

    def sequence(self, batch: Batch) -> list[Tensor]:
        """Return what the wallet's own sequence tells, (n, hidden); empty where it is not read."""
        return [] if self.tower is None else [self.tower(batch.steps, batch.present)]

    def arrived(self, batch: Batch) -> Tensor:
        """Return what arrives over the transfers around, (n, hidden)."""
        return self.passed(batch.nodes, batch.known, batch.sizes, self.carried(batch))

    def carried(self, batch: Batch) -> tuple[Edges, Edges]:
        """Return the transfers with the states that layers read, (e, hidden)."""
        first, second = (
            edges._replace(state=self.edge(torch.cat([edges.state, self.time(ages)], dim=1)))
            for edges, ages in zip(batch.sides, batch.ages, strict=True)
        )
        return first, second

    def passed(
        self, nodes: Tensor, known: Tensor, sizes: tuple[int, ...], sides: tuple[Edges, Edges]
    ) -> Tensor:
        """Return (sizes[0], hidden): what arrives at the nodes of hop 0 over such transfers."""
        states = self.dropout(torch.relu(self.node(torch.cat([nodes, known], dim=1))))
        for done, layer in enumerate(self.layers):
            hops = len(self.layers) - done
            sides = sides[0].into(hops), sides[1].into(hops)
            states, sides = layer(states, sizes[hops - 1], sides)
        arrived: Tensor = states[: sizes[0]]
        return arrived


class GraphNetwork(nn.Module):
    """An encoder, the wallet's own row beside it, and a head over both.

    A linear term of the row stands beside the head: on few labelled wallets it does most of the
    work, and the rest learns what it leaves.
    """

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.own = nn.Sequential(
            nn.Dropout(shape.dropout), nn.Linear(shape.own, shape.hidden), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Dropout(shape.dropout), nn.Linear(self.width, shape.hidden), nn.ReLU(),
            nn.Dropout(shape.dropout), nn.Linear(shape.hidden, 1),
        )  # fmt: skip
        self.line = nn.Linear(shape.own, 1)

    @property
    def width(self) -> int:
        """Of the state before the head: own row and what arrives, and the sequence if read."""
        return (3 if self.shape.steps else 2) * self.shape.hidden

    def states(self, batch: Batch) -> Tensor:
        """Return (n, 1 + width): log-odds, then the state before the head."""
        state = torch.cat([self.own(batch.own), self.encoder(batch)], dim=1)
        return torch.cat([self.line(batch.own) + self.head(state), state], dim=1)

    def forward(self, batch: Batch) -> Tensor:
        """Return log-odds (n,)."""
        return self.states(batch)[:, 0]
