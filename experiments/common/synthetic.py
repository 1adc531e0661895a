"""Synthetic transfers of one asset: a heavy-tailed background with planted laundering patterns.

Sizes follow published ledgers in kind, not in number: the busiest wallet of the default table has
tens of thousands of transfers, half of all wallets send five or fewer. Amounts are log-normal, one
in seven is round, timestamps sit on a 12 s block grid with a daily rhythm, and a part of every
wallet's transfers goes to a counterparty it has used before. The patterns are the eight of the
AMLworld generator (Altman et al. 2023, section 3), less "random", plus the peel chain.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Edges = tuple[Ints, Ints, Ints, Floats]  # source, target, step, share of the amount

START = pd.Timestamp("2024-01-08", tz="UTC")
DAY_S = 86_400
BLOCK_S = 12
HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to generate.

    Parameters
    ----------
    transfers, wallets : int
        Numbers of transfers and wallets; every wallet may occur on both sides.
    days : int
        Length of the period, in days from ``START``.
    planted_share : float
        Share of the transfers that belongs to planted patterns.
    """

    transfers: int = 5_000_000
    wallets: int = 500_000
    days: int = 18
    planted_share: float = 0.002

    def __post_init__(self) -> None:
        """Refuse sizes that leave no room for a pattern."""
        if self.transfers < 1 or self.wallets < 100 or self.days < 1:
            raise ValueError(f"need transfers >= 1, wallets >= 100 and days >= 1, got {self}")
        if not 0 <= self.planted_share <= 1:
            raise ValueError(f"planted_share must be in [0, 1], got {self.planted_share}")


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A generated table and the truth behind it.

    Parameters
    ----------
    transfers : pyarrow.Table
        The transfer contract, in order of time.
    planted : pandas.DataFrame, columns wallet, pattern
        Every wallet of a planted pattern, once a pattern it takes part in.
    """

    transfers: pa.Table
    planted: pd.DataFrame


def generate(seed: int, sizes: Sizes | None = None) -> Synthetic:
    """Generate transfers; equal arguments give equal tables.

    Parameters
    ----------
    seed : int
        Seed of every random draw.
    sizes : Sizes, optional
        How much to generate; 5 million transfers of 500 thousand wallets when left out.

    Returns
    -------
    Synthetic
        The transfers and the wallets of the planted patterns.

    Examples
    --------
    >>> generate(7, Sizes(transfers=1000, wallets=200)).transfers.num_rows
    1000
    """
    sizes = sizes or Sizes()
    rng = np.random.default_rng(seed)
    n_planted = round(sizes.transfers * sizes.planted_share)
    drawn = background(rng, sizes, sizes.transfers - n_planted)
    planted, members = _planted(rng, sizes, n_planted)
    sender, recipient, second, amount = (
        np.concatenate(pair) for pair in zip(drawn, planted, strict=True)
    )
    order = np.argsort(second, kind="stable")
    names = hex_names(rng, sizes.wallets, n_bytes=20)
    transfers = pa.table(
        {
            "tx_id": hex_names(rng, sizes.transfers, n_bytes=32),
            "position": pa.array(np.zeros(sizes.transfers, np.int32)),
            "timestamp": pa.array(
                START.value // 1000 + second[order] * 1_000_000, pa.timestamp("us", tz="UTC")
            ),
            "sender": names.take(sender[order]),
            "recipient": names.take(recipient[order]),
            "amount": pa.array(amount[order]),
            "asset": pa.DictionaryArray.from_arrays(
                np.zeros(sizes.transfers, np.int8), pa.array(["eth"])
            ).cast(pa.string()),
        }
    )
    wallets = names.take(members["code"].to_numpy()).to_pandas()
    return Synthetic(transfers, pd.DataFrame({"wallet": wallets, "pattern": members["pattern"]}))


def labels(synthetic: Synthetic, *, n_licit: int, seed: int) -> pd.DataFrame:
    """Label every planted wallet illicit and a sample of the others licit.

    Parameters
    ----------
    synthetic : Synthetic
        What :func:`generate` returned.
    n_licit : int
        Number of licit wallets, drawn evenly among senders; fewer when there are fewer.
    seed : int
        Seed of the draw.

    Returns
    -------
    pandas.DataFrame
        The label contract; the category is the pattern, every label is known from the start.
    """
    illicit = synthetic.planted.drop_duplicates("wallet")
    senders = pd.Series(synthetic.transfers["sender"].unique().to_pandas())
    others = senders[~senders.isin(illicit["wallet"])]
    licit = others.sample(min(n_licit, len(others)), random_state=seed)
    wallets = pd.concat([illicit["wallet"], licit], ignore_index=True)
    return pd.DataFrame(
        {
            "wallet": wallets,
            "label": ["illicit"] * len(illicit) + ["licit"] * len(licit),
            "category": [*illicit["pattern"], *["unspecified"] * len(licit)],
            "known_at": START.as_unit("us"),
            "source": "synthetic",
            "confidence": 1.0,
        }
    )


def write(synthetic: Synthetic, path: Path) -> None:
    """Write the transfers as parquet, wallets dictionary-coded inside the file."""
    pq.write_table(
        synthetic.transfers,
        path,
        compression="zstd",
        use_dictionary=["sender", "recipient", "asset"],  # type: ignore[arg-type]
        dictionary_pagesize_limit=64 << 20,
        row_group_size=1 << 20,
    )


def hex_names(rng: np.random.Generator, n: int, *, n_bytes: int) -> pa.StringArray:
    """Draw random names: ``0x`` and two hexadecimal digits a byte."""
    raw = rng.integers(0, 256, (n, n_bytes), dtype=np.uint8)
    text = np.empty((n, 2 + 2 * n_bytes), np.uint8)
    text[:, 0], text[:, 1] = ord("0"), ord("x")
    text[:, 2::2] = HEX[raw >> 4]
    text[:, 3::2] = HEX[raw & 15]
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(text.shape[1])
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets.data), pa.py_buffer(text.data))


def background(rng: np.random.Generator, sizes: Sizes, n: int) -> tuple[Ints, Ints, Ints, Floats]:
    """Draw ordinary transfers: sender, recipient, second since START, amount.

    Each an array of shape (n,), wallets as codes below ``sizes.wallets``, amounts in whole units.
    """
    sender = _heavy_tailed(rng, sizes.wallets, n, exponent=0.8)
    recipient = _heavy_tailed(rng, sizes.wallets, n, exponent=0.75)
    by_sender = np.argsort(sender, kind="stable")
    repeated = np.flatnonzero(rng.random(n - 1) < 0.3) + 1 if n > 1 else np.empty(0, np.int64)
    same = sender[by_sender[repeated]] == sender[by_sender[repeated - 1]]
    recipient[by_sender[repeated[same]]] = recipient[by_sender[repeated[same] - 1]]
    itself = recipient == sender
    recipient[itself] = (recipient[itself] + 1) % sizes.wallets
    day = rng.random(n) * sizes.days
    day += 0.08 * np.sin(2 * np.pi * day)  # density 1 / (1 + 0.5 cos): nights are quieter
    second = np.clip(day * DAY_S, 0, sizes.days * DAY_S - 1)
    return sender, recipient, on_blocks(second), draw_amounts(rng, n)


def _heavy_tailed(rng: np.random.Generator, wallets: int, n: int, *, exponent: float) -> Ints:
    """Draw wallet codes whose expected counts fall as a power of the rank."""
    weight = (np.arange(wallets) + 2.0) ** -exponent
    edge = np.cumsum(weight)
    rank = np.searchsorted(edge, rng.random(n) * edge[-1], side="right")
    rank = np.minimum(rank, wallets - 1)
    return np.asarray(rng.permutation(wallets)[rank], np.int64)


def draw_amounts(rng: np.random.Generator, n: int) -> Floats:
    """Draw amounts; one in seven has a single significant digit, and none is dust.

    So peers that know nothing of dust compute the same.
    """
    amount = rng.lognormal(2.0, 1.0, n)
    is_round = rng.random(n) < 1 / 7
    unit = 10.0 ** np.floor(np.log10(amount[is_round]))
    amount[is_round] = np.ceil(amount[is_round] / unit) * unit
    return np.asarray(np.maximum(np.round(amount, 6), 1e-6), np.float64)


def on_blocks(second: Floats | Ints) -> Ints:
    """Put seconds on the grid of blocks, never later."""
    return np.asarray(second, np.int64) // BLOCK_S * BLOCK_S


def _planted(
    rng: np.random.Generator, sizes: Sizes, n: int
) -> tuple[tuple[Ints, Ints, Ints, Floats], pd.DataFrame]:
    """Draw patterns in turn until n transfers are planted; the last one is cut short."""
    kinds = list(PATTERNS.items())
    parts: list[tuple[Ints, Ints, Ints, Floats]] = []
    members: list[pd.DataFrame] = []
    missing = n
    while missing > 0:
        name, shape = kinds[len(parts) % len(kinds)]
        source, target, step, share = (
            column[:missing] for column in shape(int(rng.integers(4, 11)))
        )
        codes = rng.choice(sizes.wallets, int(max(source.max(), target.max())) + 1, replace=False)
        span = rng.uniform(0.25, 2.0) * DAY_S
        start = rng.uniform(0, max(sizes.days * DAY_S - span, 0))
        fraction = (step + rng.random(len(step))) / (step.max() + 1)
        second = np.clip(start + span * fraction, 0, sizes.days * DAY_S - 1)
        fee = 1 - rng.uniform(0.001, 0.02, len(step))
        amount = np.round(rng.lognormal(6.0, 1.0) * share * fee ** (step + 1), 6)
        parts.append((codes[source], codes[target], on_blocks(second), amount))
        seen = codes[np.union1d(source, target)]
        members.append(pd.DataFrame({"code": seen, "pattern": name}))
        missing -= len(step)
    if not parts:
        empty = np.empty(0, np.int64)
        none = pd.DataFrame({"code": empty, "pattern": pd.Series([], dtype=str)})
        return (empty, empty, empty, np.empty(0)), none
    sender, recipient, second_of, amount_of = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    found = pd.concat(members, ignore_index=True).drop_duplicates(ignore_index=True)
    return (sender, recipient, second_of, amount_of), found


def _edges(rows: list[tuple[int, int, int, float]]) -> Edges:
    source, target, step, share = zip(*rows, strict=True)
    return np.array(source), np.array(target), np.array(step), np.array(share, np.float64)


def _fan_in(width: int) -> Edges:
    return _edges([(spoke, 0, 0, 1 / width) for spoke in range(1, width + 1)])


def _fan_out(width: int) -> Edges:
    return _edges([(0, spoke, 0, 1 / width) for spoke in range(1, width + 1)])


def _cycle(width: int) -> Edges:
    return _edges([(i, (i + 1) % width, i, 1.0) for i in range(width)])


def _scatter_gather(width: int) -> Edges:
    middle = range(2, width + 2)
    return _edges([(0, m, 0, 1 / width) for m in middle] + [(m, 1, 1, 1 / width) for m in middle])


def _gather_scatter(width: int) -> Edges:
    near, far = range(1, width + 1), range(width + 1, 2 * width + 1)
    return _edges([(i, 0, 0, 1 / width) for i in near] + [(0, o, 1, 1 / width) for o in far])


def _bipartite(width: int) -> Edges:
    share = 1 / (3 * width)
    return _edges([(i, 3 + o, 0, share) for i in range(3) for o in range(width)])


def _stack(width: int) -> Edges:
    first, middle, last = range(2), range(2, 2 + width), range(2 + width, 4 + width)
    share = 1 / (2 * width)
    return _edges(
        [(i, m, 0, share) for i in first for m in middle]
        + [(m, o, 1, share) for m in middle for o in last]
    )


def _peel(width: int) -> Edges:
    rows = []
    for i in range(width):
        left = 0.9**i
        rows += [(2 * i, 2 * i + 1, i, 0.1 * left), (2 * i, 2 * i + 2, i, 0.9 * left)]
    return _edges(rows)


PATTERNS: dict[str, Callable[[int], Edges]] = {
    "fan_in": _fan_in,
    "fan_out": _fan_out,
    "cycle": _cycle,
    "scatter_gather": _scatter_gather,
    "gather_scatter": _gather_scatter,
    "bipartite": _bipartite,
    "stack": _stack,
    "peel": _peel,
}
