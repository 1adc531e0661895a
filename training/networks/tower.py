"""The tower: a wallet's own latest transfers, in order of time, as one state.

Which wallets there are at the other ends is what the graph is for; the tower reads the rhythm: gaps
between transfers, their values, sides, and whether the other end was new.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from features.errors import RiskError

WAVES = 4  # cosines a column, beside the column itself
HEADS = 4
DEPTH = 2  # of the transformer


class Periodic(nn.Module):
    """Numbers, and cosines of them with frequencies and phases that are learnt.

    Gaps are among the numbers, as logarithms: an encoding of time that tells a minute from an hour
    as well as a month from a year.

    References
    ----------
    Kazemi et al., "Time2Vec" (2019), equation 1; Gorishniy et al., "On embeddings for numerical
    features in tabular deep learning" (2022), section 3.3, the same for any column.
    """

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.logspace(-0.5, 0.5, WAVES).repeat(columns, 1))
        self.phase = nn.Parameter(torch.zeros(columns, WAVES))

    def forward(self, values: Tensor) -> Tensor:
        """Return (..., columns x (1 + WAVES)) of (..., columns)."""
        waves = torch.cos(values[..., None] * self.frequency + self.phase)
        return torch.cat([values, waves.flatten(-2)], dim=-1)


class Recurrent(nn.Module):
    """A recurrent network from the earliest transfer to the latest.

    References
    ----------
    Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), section 2.3.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.GRU(width, width, batch_first=True)

    def forward(self, steps: Tensor, present: Tensor) -> Tensor:
        """Return states (n, length, width); one reads itself and those before it."""
        states: Tensor = self.layer(steps)[0]
        return states


class Attending(nn.Module):
    """A small transformer: every transfer reads every present one.

    References
    ----------
    Vaswani et al., "Attention is all you need" (2017), section 3.1; normalised first, after Xiong
    et al., "On layer normalization in the transformer architecture" (2020).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        heads = HEADS if width % HEADS == 0 else 1
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, DEPTH, enable_nested_tensor=False)

    def forward(self, steps: Tensor, present: Tensor) -> Tensor:
        """Return states (n, length, width)."""
        absent = ~present
        first = torch.zeros_like(absent)
        first[:, :1] = True
        # attention to nothing at all is undefined: a row without transfers reads its first place
        absent = absent & ~(first & absent.all(dim=1, keepdim=True))
        states: Tensor = self.layers(steps, src_key_padding_mask=absent)
        return states


TOWERS: dict[str, type[Recurrent] | type[Attending]] = {"gru": Recurrent, "transformer": Attending}


class SequenceTower(nn.Module):
    """Transfers, each told how many came after it, to the state of the latest.

    Parameters
    ----------
    columns
        Of a transfer.
    width
        Of all states.
    kind
        One of :data:`TOWERS`.

    Raises
    ------
    RiskError
        If there is no such kind.
    """

    def __init__(self, columns: int, width: int, kind: str = "gru") -> None:
        super().__init__()
        if kind not in TOWERS:
            raise RiskError(f"tower must be one of {', '.join(TOWERS)}, received {kind!r}")
        self.periodic = Periodic(columns + 1)
        self.step = nn.Linear((columns + 1) * (1 + WAVES), width)
        self.states = TOWERS[kind](width)
        self.norm = nn.LayerNorm(width)

    def forward(self, steps: Tensor, present: Tensor) -> Tensor:
        """Return (n, width); 0 for rows without any transfer.

        Parameters
        ----------
        steps
            (n, length, columns), scaled.
        present
            bool (n, length), which are transfers: the first places, the earliest transfer first.
        """
        if not steps.shape[1]:
            return steps.new_zeros(len(steps), self.norm.normalized_shape[0])
        count = present.sum(dim=1)
        after = (count[:, None] - 1 - torch.arange(steps.shape[1], device=steps.device)).clamp(0)
        told = torch.cat([steps, torch.log1p(after.to(steps.dtype))[..., None]], dim=2)
        told = torch.where(present[..., None], told, 0.0)
        states = self.states(torch.relu(self.step(self.periodic(told))), present)
        latest = (count - 1).clamp(min=0)[:, None, None].expand(-1, 1, states.shape[2])
        state = self.norm(states.gather(1, latest).squeeze(1))
        return torch.where(count[:, None] > 0, state, 0.0)
