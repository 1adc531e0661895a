"""Ledgers for tests: builders of known shapes, and random worlds for hypothesis."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st

from features import Ledger
from features.past import (
    NO_LABELS,
    LabelEvents,
    Past,
    ask,
    label_events,
    past_of,
    past_of_spine,
)
from tests import compare
from tests.naive.past import DAY, HOUR

START = pd.Timestamp("2024-03-01T05:30:00", tz="UTC")
SECOND = 1_000_000  # microseconds


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


@dataclass(frozen=True)
class World:
    """Transfers, labels and what to compute."""

    transfers: pd.DataFrame
    labels: pd.DataFrame
    spine: pd.DataFrame

    def ledger(self) -> Ledger:
        """Build the ledger at one go."""
        compare.TALLY["ledgers"] += 1
        return Ledger.from_transfers(self.transfers)

    def events(self, ledger: Ledger) -> LabelEvents:
        """Arrange the labels for kernels."""
        return label_events(ledger, self.labels)

    def past(self, ledger: Ledger) -> Past:
        """Ask about the spine."""
        return past_of_spine(ledger, self.spine, self.events(ledger))

    def shifted(self, by: pd.Timedelta) -> "World":
        """Move every time by the same amount."""
        return World(
            self.transfers.assign(timestamp=self.transfers["timestamp"] + by),
            self.labels.assign(known_at=self.labels["known_at"] + by),
            self.spine.assign(as_of=self.spine["as_of"] + by),
        )

    def renamed(self, names: dict[str, str]) -> "World":
        """Give every wallet another name."""
        of = self.transfers
        return World(
            of.assign(sender=of["sender"].map(names), recipient=of["recipient"].map(names)),
            self.labels.assign(wallet=self.labels["wallet"].map(names)),
            self.spine.assign(wallet=self.spine["wallet"].map(names)),
        )

    def with_amounts(self, amounts: pd.Series | npt.NDArray[np.float64]) -> "World":
        """Replace the amounts."""
        return replace(self, transfers=self.transfers.assign(amount=amounts))


WALLETS = [f"w{i}" for i in range(7)]
STRANGER = "never seen"
_STEPS = st.one_of(
    st.sampled_from(
        [0, 0, 0, 1, SECOND, 60 * SECOND, HOUR - 1, HOUR, HOUR + 1, DAY, DAY + 1, 7 * DAY, 31 * DAY]
    ),
    st.integers(0, 5000).map(lambda s: s * SECOND),
)
_AMOUNTS = st.one_of(
    st.sampled_from([1.0, 1.0, 0.95, 0.9, 0.1, 0.3, 0.0, 10.0, 9e-5, 9.1, 99.0, 1e-18, 1e9, 1e50]),
    st.integers(1, 200).map(lambda n: n / 64),
    st.floats(1e-9, 1e9, allow_subnormal=False),
)
_TRANSFERS = st.tuples(
    _STEPS, st.sampled_from(WALLETS), st.sampled_from(WALLETS), _AMOUNTS, st.integers(0, 1)
)
_MARKS = st.tuples(
    st.integers(0, 40),
    st.sampled_from([-1, 0, 1, HOUR, DAY]),
    st.sampled_from([*WALLETS, STRANGER]),
)
_LABELS = st.tuples(_MARKS, st.booleans(), st.sampled_from([0.5, 0.9, 1.0]))
_ORIGINS = st.sampled_from([START, pd.Timestamp("1969-12-31T22:59:59.999999", tz="UTC")])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Small worlds with ties, transactions of several transfers, self-transfers and zero amounts.

    Instants of the spine and of labels are at, just before and just after transfers.
    """
    rows = draw(st.lists(_TRANSFERS, min_size=1, max_size=40))
    origin = draw(_ORIGINS)
    times = np.cumsum([row[0] for row in rows])
    # a step's last field says whether the transfer belongs to the transaction before it
    transaction = np.cumsum([row[4] == 0 for row in rows])
    frame = pd.DataFrame(
        {
            "tx_id": [f"tx{number}" for number in transaction],
            "position": pd.Series(transaction).groupby(transaction).cumcount().astype("int32"),
            "timestamp": pd.Series(pd.to_timedelta(times, unit="us")).astype("timedelta64[us]")
            + origin,
            "sender": [row[1] for row in rows],
            "recipient": [row[2] for row in rows],
            "amount": [row[3] for row in rows],
            "asset": "ETH",
        }
    )

    def instant(mark: tuple[int, int, str]) -> pd.Timestamp:
        return origin + pd.Timedelta(microseconds=int(times[mark[0] % len(rows)]) + mark[1])

    wanted = draw(st.lists(_MARKS, min_size=1, max_size=12))
    labelled = draw(st.lists(_LABELS, max_size=8))
    labels = {
        "wallet": pd.Series([mark[2] for mark, _, _ in labelled], dtype="str"),
        "label": pd.Series(["illicit" if bad else "licit" for _, bad, _ in labelled], dtype="str"),
        "known_at": _instants([instant(mark) for mark, _, _ in labelled]),
        "confidence": pd.Series([c for _, _, c in labelled], dtype="float64"),
    }
    spine = {"wallet": [mark[2] for mark in wanted], "as_of": _instants(map(instant, wanted))}
    return World(frame, pd.DataFrame(labels), pd.DataFrame(spine))


def _instants(instants: Iterable[pd.Timestamp]) -> pd.Series:
    return pd.Series(list(instants), dtype="datetime64[us, UTC]")
