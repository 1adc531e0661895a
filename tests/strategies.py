"""Ledgers for tests: builders of known shapes, and random worlds for hypothesis."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from features.checks.worlds import (
    AMOUNTS,
    LASTS,
    MOST_LABELS,
    MOST_ROWS,
    MOST_TRANSFERS,
    OFFSETS,
    ORIGINS,
    STEPS,
    STRANGER,
    WALLETS,
    Mark,
    MarkedLabel,
    Move,
    World,
    build_world,
)
from features.kernel import SECOND
from features.ledger import Ledger
from features.past import NO_LABELS, LabelEvents, Past, ask, past_of, past_of_spine

__all__ = [
    "START",
    "STRANGER",
    "WALLETS",
    "World",
    "asked_late",
    "asset_worlds",
    "at",
    "chain",
    "cycle",
    "fan_out",
    "one_past",
    "peel",
    "spine",
    "transfers",
    "worlds",
]

START = pd.Timestamp("2024-03-01T05:30:00", tz="UTC")


def transfers(rows: Iterable[tuple[float, str, str, float]], *, prefix: str = "t") -> pd.DataFrame:
    """Transfers from (seconds after START, sender, recipient, amount); ids are prefix + number."""
    frame = pd.DataFrame(list(rows), columns=["timestamp", "sender", "recipient", "amount"])
    micros = (frame["timestamp"].astype(float) * SECOND).round().astype("int64")
    frame["timestamp"] = START + pd.to_timedelta(micros, unit="us").astype("timedelta64[us]")
    return frame.astype({"sender": "str", "recipient": "str", "amount": "float64"}).assign(
        tx_id=[f"{prefix}{row}" for row in range(len(frame))], asset="ETH"
    )


def chain(
    hops: int, *, keep: float = 0.0, step_s: float = 60, amount: float = 64.0
) -> pd.DataFrame:
    """Wallets c0 -> c1 -> ...: every one sends on all but the share ``keep`` after ``step_s``."""
    return transfers(
        ((hop + 1) * step_s, f"c{hop}", f"c{hop + 1}", amount * (1 - keep) ** hop)
        for hop in range(hops)
    )


def fan_out(n: int, *, step_s: float = 60, amount: float = 1.0) -> pd.DataFrame:
    """Wallet hub pays leaf0, leaf1, ..."""
    return transfers((leaf * step_s, "hub", f"leaf{leaf}", amount) for leaf in range(n))


def peel(hops: int, *, part: float = 1 / 16, step_s: float = 60) -> pd.DataFrame:
    """Wallets p0 -> p1 -> ...: each pays the share ``part`` to a shop, then the rest onward."""
    rows, left = [], 64.0
    for hop in range(hops):
        rows.append((2 * hop * step_s, f"p{hop}", f"shop{hop}", left * part))
        left -= left * part
        rows.append(((2 * hop + 1) * step_s, f"p{hop}", f"p{hop + 1}", left))
    return transfers(rows)


def cycle(length: int, *, step_s: float = 60, amount: float = 8.0) -> pd.DataFrame:
    """Money that returns to r0 after ``length`` hops."""
    return transfers(
        (hop * step_s, f"r{hop}", f"r{(hop + 1) % length}", amount) for hop in range(length)
    )


def asked_late(ledger: Ledger, wallet: str, labels: LabelEvents = NO_LABELS) -> Past:
    """A past that was asked about a wallet after all transfers."""
    past = past_of(ledger, ledger.codes([wallet]), np.array([2**62]), labels)
    ask(past, 0)
    return past


def at(seconds: float) -> pd.Timestamp:
    """Seconds after START."""
    return START + pd.Timedelta(microseconds=round(seconds * SECOND))


def spine(wallets: Sequence[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Several wallets at one instant."""
    frame = pd.DataFrame({"wallet": pd.Series(list(wallets), dtype="str")})
    return frame.assign(as_of=pd.Series([as_of] * len(frame), dtype="datetime64[us, UTC]"))


def one_past(frame: pd.DataFrame, wallet: str, as_of: pd.Timestamp) -> Past:
    """What may be known of a wallet's transfers, and of others', at an instant: one question."""
    return past_of_spine(Ledger.from_transfers(frame), spine([wallet], as_of), NO_LABELS)


_OFFSETS, _NAMES = st.sampled_from(OFFSETS), st.sampled_from(WALLETS)
_STEPS = st.one_of(st.sampled_from(STEPS), st.integers(0, 5000).map(lambda s: s * SECOND))
_AMOUNTS = st.one_of(
    st.sampled_from(AMOUNTS),
    st.integers(1, 200).map(lambda n: n / 64),
    st.floats(1e-9, 1e9, allow_subnormal=False),
)
# a transfer that opens no transaction belongs to the one before it
_MOVES = st.builds(Move, _STEPS, _NAMES, _NAMES, _AMOUNTS, opens=st.sampled_from([1, 0]))
_MARKS = st.builds(
    Mark, st.integers(0, MOST_TRANSFERS), _OFFSETS, st.sampled_from([*WALLETS, STRANGER])
)
_LABELS = st.builds(
    MarkedLabel,
    _MARKS,
    st.sampled_from(["licit", "illicit", "none"]),
    st.sampled_from([0.5, 0.9, 1.0]),
    st.sampled_from(["mixer", "victim"]),
    lasts=st.sampled_from(LASTS),
)


def asset_worlds() -> st.SearchStrategy[World]:
    """:func:`worlds` of several assets, some transfers of which have no known value."""
    seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
    return st.builds(World.of_assets, worlds(), seeds)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Small worlds with ties, transactions of several transfers, self-transfers and zero amounts.

    Instants of the spine and of labels are at, just before and just after transfers.
    """
    moves = draw(st.lists(_MOVES, min_size=1, max_size=MOST_TRANSFERS))
    origin = draw(st.sampled_from(ORIGINS))
    wanted = draw(st.lists(_MARKS, min_size=1, max_size=MOST_ROWS))
    labelled = draw(st.lists(_LABELS, max_size=MOST_LABELS))
    return build_world(moves, wanted, labelled, origin)
