"""Small worlds that are full of trouble.

Ties, self-transfers, zero amounts, instants at the edge, a pseudo-wallet. One recipe, two cooks:
:func:`random_world` draws with a numpy generator; the project's own tests draw the same ingredients
with hypothesis, which can shrink what fails.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.categories import CATEGORIES
from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.kernel import DAY, HOUR, SECOND
from features.ledger import Ledger
from features.past import LabelEvents, Past, label_events, past_of_spine

WALLETS = [*(f"w{i}" for i in range(6)), f"{PSEUDO_PREFIX}6"]
STRANGER = "never seen"
STEPS = (
    0, 0, 0, 1, SECOND, 60 * SECOND, HOUR - 1, HOUR, HOUR + 1, DAY, DAY + 1, 7 * DAY, 31 * DAY,
)  # fmt: skip
AMOUNTS = (1.0, 1.0, 0.95, 0.9, 0.1, 0.3, 0.0, 10.0, 9e-5, 9.1, 99.0, 1e-18, 1e9, 1e50)
OFFSETS = (-1, 0, 1, HOUR, DAY)  # of an instant from the transfer that it is near
ORIGINS = tuple(
    pd.Timestamp(text, tz="UTC") for text in ("2013-03-01T05:30", "1969-12-31T22:59:59.999999")
)
UNIT, UNPRICED = "USD", "gold"
PRICES = {UNIT: 1.0, "ETH": 2048.0, "USDC": 1.0, UNPRICED: 64.0}  # powers of two: values stay exact
_UNKNOWN_SHARE = 0.3
VERDICTS = ("illicit", "licit", "none", "illicit", "licit")
LASTS = (0, 0, 0, 1, HOUR, DAY)  # microseconds that a label holds; 0: it does not end
MOST_TRANSFERS, MOST_ROWS, MOST_LABELS = 40, 12, 8


def other_names(number: int) -> dict[str, str]:
    """Another name for each wallet; a pseudo-wallet stays one."""
    kept = {name: PSEUDO_PREFIX * name.startswith(PSEUDO_PREFIX) for name in [*WALLETS, STRANGER]}
    return {name: f"{prefix}{number}-{name[::-1]}" for name, prefix in kept.items()}


@dataclass(frozen=True)
class World:
    """Transfers, labels and what to compute: three frames that meet their contracts."""

    transfers: pd.DataFrame
    labels: pd.DataFrame
    spine: pd.DataFrame
    unit: str | None = None  # of account, where the transfers have values

    def ledger(self) -> Ledger:
        """Build the ledger at one go."""
        return Ledger.from_transfers(self.transfers, unit=self.unit)

    def events(self, ledger: Ledger) -> LabelEvents:
        """Arrange the labels for kernels."""
        return label_events(ledger, self.labels)

    def past(self, ledger: Ledger) -> Past:
        """Ask about the spine."""
        return past_of_spine(ledger, self.spine, self.events(ledger))

    def until(self, as_of: pd.Timestamp) -> "World":
        """Keep what is before an instant, and what is asked up to it."""
        return replace(
            self,
            transfers=self.transfers[self.transfers["timestamp"] < as_of],
            labels=_known_before(self.labels, as_of),
            spine=self.spine[self.spine["as_of"] <= as_of],
        )

    def shuffled(self, random: np.random.Generator) -> "World":
        """Put transfers and labels in another order."""
        return replace(
            self,
            transfers=self.transfers.iloc[random.permutation(len(self.transfers))],
            labels=self.labels.iloc[random.permutation(len(self.labels))],
        )

    def shifted(self, by: pd.Timedelta) -> "World":
        """Move every time by the same amount."""
        labels = _with_ends(self.labels)
        return replace(
            self,
            transfers=self.transfers.assign(timestamp=self.transfers["timestamp"] + by),
            labels=labels.assign(known_at=labels["known_at"] + by, until=labels["until"] + by),
            spine=self.spine.assign(as_of=self.spine["as_of"] + by),
        )

    def renamed(self, names: dict[str, str]) -> "World":
        """Give every wallet another name."""
        of = self.transfers
        return replace(
            self,
            transfers=of.assign(
                sender=of["sender"].map(names), recipient=of["recipient"].map(names)
            ),
            labels=self.labels.assign(wallet=self.labels["wallet"].map(names)),
            spine=self.spine.assign(wallet=self.spine["wallet"].map(names)),
        )

    def with_amounts(self, amounts: pd.Series | npt.NDArray[np.float64]) -> "World":
        """Replace the amounts, and values by the same numbers where there are any."""
        changed = self.transfers.assign(amount=amounts)
        if self.unit is not None:
            changed = changed.assign(value=amounts)
        return replace(self, transfers=changed)

    def of_assets(self, random: np.random.Generator) -> "World":
        """The same values, each of some asset; of a few nobody knows the value."""
        value = self.transfers["amount"]
        asset = pd.Series(random.choice(list(PRICES), len(value)), value.index, dtype="str")
        amount = value / asset.map(PRICES).astype("float64")
        unknown = (asset == UNPRICED) & (random.random(len(value)) < _UNKNOWN_SHARE)
        moved = self.transfers.assign(asset=asset, amount=amount, value=value.mask(unknown))
        return replace(self, transfers=moved, unit=UNIT)

    def largest_amounts(self) -> npt.NDArray[np.float64]:
        """Largest amount that the wallet of each row of the spine ever moved; 0 for none."""
        name = "amount" if self.unit is None else "value"
        ends = [self.transfers[[name]].assign(wallet=self.transfers[end]) for end in _ENDS]
        largest = pd.concat(ends).groupby("wallet")[name].max().fillna(0.0)
        return largest.reindex(self.spine["wallet"], fill_value=0.0).to_numpy(dtype=np.float64)


_ENDS = ("sender", "recipient")


class Move(NamedTuple):
    """One transfer to come: microseconds after the one before it, ends, amount.

    ``opens`` is 0 where it belongs to the transaction before it.
    """

    step: int
    sender: str
    recipient: str
    amount: float
    opens: int


class Mark(NamedTuple):
    """A wallet at an instant: ``offset`` microseconds from a transfer, counted round and round."""

    transfer: int
    offset: int
    wallet: str


class MarkedLabel(NamedTuple):
    """A label that is known from its mark on, for so many microseconds where ``lasts`` is not 0."""

    mark: Mark
    label: str
    confidence: float
    category: str = "unspecified"
    lasts: int = 0


def build_world(
    moves: Sequence[Move],
    wanted: Sequence[Mark],
    labelled: Sequence[MarkedLabel],
    origin: pd.Timestamp,
) -> World:
    """Make the three frames of what was drawn; at least one move."""
    times = np.cumsum([move.step for move in moves])

    def instants(marks: Iterable[Mark]) -> pd.Series:
        micros = [int(times[mark.transfer % len(times)]) + mark.offset for mark in marks]
        return _instants(origin, micros)

    labels = {
        "wallet": _texts(label.mark.wallet for label in labelled),
        "label": _texts(label.label for label in labelled),
        "known_at": instants(label.mark for label in labelled),
        "until": _ends(instants(label.mark for label in labelled), labelled),
        "confidence": pd.Series([label.confidence for label in labelled], dtype="float64"),
        "category": _texts(label.category for label in labelled),
    }
    spine = {"wallet": _texts(mark.wallet for mark in wanted), "as_of": instants(wanted)}
    transfers = _transfers(moves, _instants(origin, times.tolist()))
    return World(transfers, pd.DataFrame(labels), pd.DataFrame(spine))


def _transfers(moves: Sequence[Move], timestamps: pd.Series) -> pd.DataFrame:
    transaction = pd.Series(np.cumsum([move.opens for move in moves]))
    return pd.DataFrame(
        {
            "tx_id": "tx" + transaction.astype("str"),
            "position": transaction.groupby(transaction).cumcount().astype("int32"),
            "timestamp": timestamps,
            "sender": _texts(move.sender for move in moves),
            "recipient": _texts(move.recipient for move in moves),
            "amount": pd.Series([move.amount for move in moves], dtype="float64"),
            "asset": "ETH",
        }
    )


def _known_before(labels: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Labels as one knew them: those that came later are not there, nor are ends that did."""
    known = _with_ends(labels)[labels["known_at"] < as_of]
    return known.assign(until=known["until"].where(known["until"] < as_of))


def _with_ends(labels: pd.DataFrame) -> pd.DataFrame:
    never = pd.Series(pd.NaT, labels.index, dtype="datetime64[us, UTC]")
    return labels if "until" in labels else labels.assign(until=never)


def _ends(known_at: pd.Series, labelled: Sequence[MarkedLabel]) -> pd.Series:
    lasts = pd.Series(pd.to_timedelta([label.lasts for label in labelled], unit="us"))
    until = known_at + lasts.astype("timedelta64[us]")
    return until.where(until > known_at)


def _instants(origin: pd.Timestamp, micros: list[int]) -> pd.Series:
    return origin + pd.Series(pd.to_timedelta(micros, unit="us")).astype("timedelta64[us]")


def _texts(values: Iterable[str]) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def random_world(random: np.random.Generator) -> World:
    """Draw a world; the same generator in the same state draws the same one."""

    def one_of(values: Sequence[object]) -> int:
        return int(random.integers(len(values)))

    def mark() -> Mark:
        names = [*WALLETS, STRANGER]
        offset = OFFSETS[one_of(OFFSETS)]
        return Mark(int(random.integers(MOST_TRANSFERS)), offset, names[one_of(names)])

    def move() -> Move:
        ends = WALLETS[one_of(WALLETS)], WALLETS[one_of(WALLETS)]
        return Move(_step(random), *ends, _amount(random), int(random.integers(2)))

    def label() -> MarkedLabel:
        confidence, category = (0.5, 0.9, 1.0)[random.integers(3)], CATEGORIES[one_of(CATEGORIES)]
        verdict, lasts = VERDICTS[one_of(VERDICTS)], LASTS[one_of(LASTS)]
        return MarkedLabel(mark(), verdict, confidence, category, lasts)

    return build_world(
        [move() for _ in range(random.integers(1, MOST_TRANSFERS + 1))],
        [mark() for _ in range(random.integers(1, MOST_ROWS + 1))],
        [label() for _ in range(random.integers(MOST_LABELS + 1))],
        ORIGINS[one_of(ORIGINS)],
    )


def _step(random: np.random.Generator) -> int:
    if random.random() < 0.5:
        return int(random.integers(5000)) * SECOND
    return STEPS[random.integers(len(STEPS))]


def _amount(random: np.random.Generator) -> float:
    drawn = (
        AMOUNTS[random.integers(len(AMOUNTS))],
        int(random.integers(1, 201)) / 64,
        float(10 ** random.uniform(-9, 9)),
    )
    return drawn[random.integers(len(drawn))]
