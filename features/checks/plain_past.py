"""What a slow twin reads: everything before one instant, as plain lists.

Nothing here knows how a ledger is kept, so that a twin and its view share no mistake.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from features.ledger.materiality import BEGINS, BUDGET, SHARE
from features.past import HISTORY_CAP

HOUR, DAY = 3_600_000_000, 86_400_000_000  # microseconds
WINDOWS = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
NAN = float("nan")
Row = dict[str, float]


class PlainTransfer(NamedTuple):
    """One transfer; ``time`` in microseconds since 1970 UTC, ``amount`` its value, or nan."""

    time: int
    sender: str
    recipient: str
    amount: float
    tx_id: str
    position: int
    asset: str = ""


class PlainLabel(NamedTuple):
    """One label; ``known_at`` and ``until`` (None: no end) in microseconds since 1970 UTC."""

    wallet: str
    label: str
    known_at: int
    until: int | None
    confidence: float
    category: str


class PlainDust(NamedTuple):
    """A receipt that does not count; ``early``: it did until the wallet's history began."""

    transfer: PlainTransfer
    early: bool


class PlainPast(NamedTuple):
    """The transfers before ``as_of`` by wallet, in the ledger's order, and the labels before it.

    Attributes
    ----------
    as_of : int, microseconds since 1970 UTC
    received, sent : dict of wallet to list of PlainTransfer, without dust and what moves nothing
    dust : dict of wallet to list of PlainDust
    labels : list of PlainLabel that hold, or None where none were given
    unpriced : list of PlainTransfer, those of no known value, which are on no side
    nothing : list of PlainTransfer, those of amount 0, which are on no side, either
    """

    as_of: int
    received: dict[str, list[PlainTransfer]]
    sent: dict[str, list[PlainTransfer]]
    dust: dict[str, list[PlainDust]]
    labels: list[PlainLabel] | None
    unpriced: list[PlainTransfer]
    nothing: list[PlainTransfer]

    def sides(self, wallet: str) -> tuple[list[PlainTransfer], list[PlainTransfer]]:
        """All transfers that a wallet received and sent."""
        return self.received.get(wallet, []), self.sent.get(wallet, [])

    def read(self, wallet: str) -> tuple[list[PlainTransfer], list[PlainTransfer]]:
        """The part of both sides that a row reads: the most recent ones."""
        received, sent = self.sides(wallet)
        return received[-HISTORY_CAP:], sent[-HISTORY_CAP:]


def plain_past(
    transfers: Iterable[PlainTransfer], labels: list[PlainLabel] | None, as_of: int
) -> PlainPast:
    """Cut the world at ``as_of``, in microseconds since 1970 UTC."""
    received: dict[str, list[PlainTransfer]] = {}
    sent: dict[str, list[PlainTransfer]] = {}
    seen = [transfer for transfer in transfers if transfer.time < as_of]
    unpriced = [transfer for transfer in seen if transfer.amount != transfer.amount]
    for transfer in sorted(seen, key=lambda t: (t.time, text_hash(t.tx_id), t.position)):
        if transfer.amount > 0:
            received.setdefault(transfer.recipient, []).append(transfer)
            sent.setdefault(transfer.sender, []).append(transfer)
    known = None if labels is None else [label for label in labels if _held(label, as_of)]
    parted = {wallet: part(receipts, sent.get(wallet, [])) for wallet, receipts in received.items()}
    counted = {wallet: counting for wallet, (counting, _) in parted.items()}
    return PlainPast(
        as_of,
        counted,
        sent,
        {wallet: dust for wallet, (_, dust) in parted.items()},
        known,
        unpriced,
        [transfer for transfer in seen if transfer.amount == 0],
    )


def _held(label: PlainLabel, as_of: int) -> bool:
    """Whether a label was known, and its end was not."""
    return label.known_at < as_of and (label.until is None or label.until >= as_of)


def part(
    received: list[PlainTransfer], sent: list[PlainTransfer]
) -> tuple[list[PlainTransfer], list[PlainDust]]:
    """Part a wallet's receipts into those that count and dust: features/ledger/materiality.py."""
    counting: list[PlainTransfer] = []
    dust: list[PlainDust] = []
    moved, of_dust, n = 0.0, 0.0, 0
    both = [(transfer, True) for transfer in received] + [(transfer, False) for transfer in sent]
    for transfer, came in sorted(both, key=lambda each: (each[0].time, not each[1])):
        amount = transfer.amount
        if moved < BEGINS * amount:  # the history begins
            dust += [PlainDust(old, True) for old in counting if old.time < transfer.time]
            counting = [old for old in counting if old.time == transfer.time]
            moved, of_dust, n = 0.0, 0.0, 0
        elif came and amount * n < SHARE * moved and of_dust + amount <= BUDGET * moved:
            of_dust += amount
            dust.append(PlainDust(transfer, False))
            continue
        moved, n = moved + amount, n + 1
        counting += [transfer] * came
    return counting, dust


def transfer_list(frame: pd.DataFrame) -> list[PlainTransfer]:
    """Transfers of a frame that meets the contract."""
    worth = "value" if "value" in frame else "amount"
    columns = ["sender", "recipient", worth, "tx_id", "position", "asset"]
    times = map(micros, frame["timestamp"])
    rows = zip(times, *(frame[name].tolist() for name in columns), strict=True)
    return [PlainTransfer(*row) for row in rows]


def label_list(frame: pd.DataFrame) -> list[PlainLabel]:
    """Labels of a frame that meets the contract."""
    ends = frame.get("until", pd.Series(pd.NaT, frame.index))
    until = [None if pd.isna(end) else micros(end) for end in ends]
    known_at, confidence = map(micros, frame["known_at"]), frame["confidence"].tolist()
    category = frame.get("category", pd.Series("unspecified", frame.index)).tolist()
    wallets, verdicts = frame["wallet"].tolist(), frame["label"].tolist()
    rows = zip(wallets, verdicts, known_at, until, confidence, category, strict=True)
    return [PlainLabel(*row) for row in rows]


def micros(instant: pd.Timestamp) -> int:
    """Microseconds since 1970 UTC."""
    return (instant - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(microseconds=1)


def text_hash(text: str) -> int:
    """FNV-1a of the UTF-8 bytes, then a multiplication between two shifts, all modulo 2**64."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    value = (value ^ value >> 32) * 0x9E3779B97F4A7C15 % 2**64
    return value ^ value >> 29


def ratio(part: float, whole: float) -> float:
    """``part / whole``, nan where nothing can be divided."""
    return part / whole if whole else NAN
