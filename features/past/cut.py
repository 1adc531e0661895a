"""The cut: a ledger and its labels as they were known at an instant.

Times are compared with ``as_of`` here and nowhere else. What a view is given is a :class:`Past`,
whose parts end at one instant, for every wallet; :func:`ask` moves that instant to the next row.
What came in counts only where it is no dust (:mod:`features.ledger.materiality`): of every wallet,
the one asked about or another, the incoming side holds what counts, from where the wallet's history
begins; the rest is in a :class:`DustPast`, which only a view that asks for it is given. A row reads
at most ``HISTORY_CAP`` transfers a side of its own wallet, the most recent ones, so that its cost
is bounded on hubs; the coverage view says how much was left out.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.contracts.labels import ILLICIT, NO_VERDICT, UNLABELLED
from features.kernel import Float64s, Int8s, Int32s, Int64s, Records, UInt64s, before, inner_kernel
from features.ledger import Ledger, microseconds
from features.ledger.materiality import DEFINITION, Scales
from features.ledger.slices import Slices
from features.past.known_labels import LabelEvents

HISTORY_CAP = 10_000
DUST = DEFINITION  # of what no past counts
_NEVER = np.iinfo(np.int64).min
_FROM_THE_FIRST = np.empty(0, np.int32), Scales.empty(0).beginnings


class PastSide(NamedTuple):
    """One side of a ledger, of all wallets, up to an instant.

    What may be read of a wallet are the places that :func:`cut` gives, of the four arrays of
    transfers.

    Attributes
    ----------
    start : int64 array, shape (wallets,)
    count : int32 array, shape (wallets,), transfers of each, the future ones among them
    time : int64 array, shape (arena,), microseconds since 1970 UTC, ascending in a wallet
    counterparty : int32 array, shape (arena,), code of the wallet at the other end
    transfer : int32 array, shape (arena,), row in the ledger's log
    amount : float64 array, shape (arena,), value in the ledger's unit of account
    as_of : int64 array, shape (1,)
        The instant, in microseconds since 1970 UTC; one array for all parts of a past.
    begun, beginnings : int32 array, shape (wallets,), and records
        Of :class:`features.ledger.materiality.Scales`; both empty where no history begins later
        than with the first transfer.
    """

    start: Int64s
    count: Int32s  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    time: Int64s
    counterparty: Int32s
    transfer: Int32s
    amount: Float64s
    as_of: Int64s
    begun: Int32s
    beginnings: Records


class PastLabels(NamedTuple):
    """Labels of all wallets up to an instant; :func:`event_at` finds the place of one.

    Attributes
    ----------
    start : int64 array, shape (wallets + 1,); empty where no labels were given
    known_at : int64 array, shape (events,), microseconds since 1970 UTC, ascending in a wallet
    label : int8 array, shape (events,)
        ``LICIT``, ``ILLICIT``, ``NO_VERDICT``, or ``UNLABELLED`` where the last label has ended.
    category : int8 array, shape (events,), place in ``features.contracts.categories.CATEGORIES``
    as_of : int64 array, shape (1,), as in :class:`PastSide`
    """

    start: Int64s
    known_at: Int64s
    label: Int8s
    category: Int8s
    as_of: Int64s


class Past(NamedTuple):
    """What may be read for one of n questions, that of the latest :func:`ask`.

    Attributes
    ----------
    incoming, outgoing : PastSide
    labels : PastLabels
    kind : int8 array, shape (wallets,) or longer
        What each is by its name, see :mod:`features.contracts.wallet_kinds`.
    wallets : int32 array, shape (n,), codes of the wallets asked about, -1 for an unknown one
    instants : int64 array, shape (n,), as of when, in microseconds since 1970 UTC
    """

    incoming: PastSide
    outgoing: PastSide
    labels: PastLabels
    kind: Int8s
    wallets: Int32s
    instants: Int64s

    @property
    def size(self) -> int:
        """Number of questions."""
        return self.wallets.size

    def part(self, rows: "slice[int, int]") -> "Past":
        """Some of the questions, with an instant of their own, for another thread."""
        return self.asking(self.wallets[rows], self.instants[rows])

    def asking(self, wallets: Int32s, instants: Int64s) -> "Past":
        """Other questions to the same ledger and labels, with an instant of their own."""
        as_of = np.array([_NEVER])
        incoming, outgoing = (side._replace(as_of=as_of) for side in self[:2])
        labels = self.labels._replace(as_of=as_of)
        return Past(incoming, outgoing, labels, self.kind, wallets, instants)


class DustPast(NamedTuple):
    """A past, and what does not count, up to its instant.

    Apart from :class:`Past`, since every array of a record costs each kernel that is given it.

    Attributes
    ----------
    past : Past
    dust : PastSide
        Receipts that did not count when they came.
    incoming, outgoing : PastSide
        As of :class:`UnpricedPast`.
    """

    past: Past
    dust: PastSide
    incoming: PastSide
    outgoing: PastSide

    @property
    def size(self) -> int:
        """Number of questions."""
        return self.past.size


class UnpricedPast(NamedTuple):
    """A past, and the transfers of no known value (nan) or of none (0), up to its instant.

    Apart from :class:`Past` as :class:`DustPast` is. The arrays are empty where no wallet has any.
    """

    past: Past
    incoming: PastSide
    outgoing: PastSide

    @property
    def size(self) -> int:
        """Number of questions."""
        return self.past.size


class TracedPast(NamedTuple):
    """A past, and the transaction of each transfer, for those who trace money through wallets.

    Apart from :class:`Past` as :class:`DustPast` is.

    Attributes
    ----------
    past : Past
    tx_hash : uint64 array, shape (rows,) or longer
        Of the transaction of each row of the ledger's log; a side's ``transfer`` is such a row.
    """

    past: Past
    tx_hash: UInt64s

    @property
    def size(self) -> int:
        """Number of questions."""
        return self.past.size


class History(NamedTuple):
    """The transfers of one wallet on one side before an instant: places ``[first, end)``.

    ``total`` counts all of them: those from ``end - total`` to ``first`` are left unread.
    """

    first: int
    end: int
    total: int


class Question(NamedTuple):
    """A wallet, its code (-1: unknown), as of an instant, and its own transfers up to then."""

    wallet: int
    as_of: int
    received: History
    sent: History


def past_of(ledger: Ledger, wallets: Int32s, instants: Int64s, labels: LabelEvents) -> Past:
    """Ask a ledger about wallets, by code, as of instants.

    Parameters
    ----------
    ledger : Ledger
    wallets : int32 array, shape (n,), -1 for an unknown wallet
    instants : int64 array, shape (n,), microseconds since 1970 UTC
    labels : LabelEvents
    """
    as_of = np.array([_NEVER])
    begins = ledger.scales.begun, ledger.scales.beginnings
    return Past(
        PastSide(*ledger.incoming.side, as_of, *begins),
        PastSide(*ledger.outgoing.side, as_of, *_FROM_THE_FIRST),
        PastLabels(*labels, as_of), ledger.kinds.kind, wallets, instants,
    )  # fmt: skip


def past_with_dust(ledger: Ledger, past: Past) -> DustPast:
    """The dust of the ledger that a past is of, up to the same instant, beside it."""
    sides = (ledger.dust, *ledger.unpriced)
    return DustPast(past, *(_whole(slices, past) for slices in sides))


def past_with_unpriced(ledger: Ledger, past: Past) -> UnpricedPast:
    """The transfers of no known value, or of none, of the ledger that a past is of, beside it."""
    return UnpricedPast(past, *(_whole(slices, past) for slices in ledger.unpriced))


def _whole(slices: Slices, past: Past) -> PastSide:
    """A side of which no wallet's history begins later than with the first transfer."""
    return PastSide(*slices.side, past.labels.as_of, *_FROM_THE_FIRST)


def traced_past(ledger: Ledger, past: Past) -> TracedPast:
    """The transactions of the ledger that a past is of, beside it."""
    return TracedPast(past, ledger.tx_hash)


def past_of_spine(ledger: Ledger, spine: pd.DataFrame, labels: LabelEvents) -> Past:
    """Ask a ledger about the rows of a spine that was checked."""
    return past_of(ledger, ledger.codes(spine["wallet"]), microseconds(spine["as_of"]), labels)


@inner_kernel
def ask(past: Past, row: int) -> Question:
    """Move a past to the instant of one of its questions."""
    wallet, as_of = past.wallets[row], past.instants[row]
    past.labels.as_of[0] = as_of  # the array of both sides, too
    received, sent = cut(past.incoming, wallet), cut(past.outgoing, wallet)
    # the sum is an int64: the type of a question that Python passes on to a kernel, too
    return Question(wallet + 0, as_of, received, sent)


@inner_kernel
def cut(side: PastSide, wallet: int) -> History:
    """What may be read of a wallet on one side."""
    if wallet < 0 or wallet >= side.start.size:
        return History(0, 0, 0)
    start, stop = held(side, wallet, side.as_of[0])
    end = before(side.time, start, stop, side.as_of[0])
    return History(max(start, end - HISTORY_CAP), end, end - start)


@inner_kernel
def held(side: PastSide, wallet: int, instant: int) -> tuple[int, int]:
    """Places ``[first, end)`` of a wallet's transfers, of its history as it was at an instant.

    They go on to the ledger's last: whoever asks ends them where it may.
    """
    start, begun = side.start[wallet], side.begun
    stop = start + side.count[wallet]
    if begun.size == 0 or begun[wallet] < 0:
        return start, stop
    latest = begun[wallet] + 0  # a sum is an int64, where places are int32
    while latest >= 0 and side.beginnings[latest]["time"] >= instant:
        latest = side.beginnings[latest]["former"]
    if latest >= 0:
        start = before(side.time, start, stop, side.beginnings[latest]["time"])
    return start, stop


@inner_kernel
def set_aside(side: PastSide, wallet: int) -> History:
    """What counted when it came to a wallet, and does not since its history began anew."""
    if wallet < 0:
        return History(0, 0, 0)
    first, (end, _) = side.start[wallet], held(side, wallet, side.as_of[0])
    return History(first, end, end - first)


@inner_kernel
def ever_labelled(start: Int64s, wallet: int) -> bool:
    """Whether a wallet has a label, known yet or not; ``start`` is that of :class:`PastLabels`.

    Nearly all wallets have none, and one array is cheap to pass on for every transfer.
    """
    return bool(wallet + 1 < start.size and start[wallet] < start[wallet + 1])


@inner_kernel
def first_time(time_in: Int64s, time_out: Int64s, received: History, sent: History) -> int:
    """Time of the first transfer of a wallet that has one, read or not; both sides' times."""
    if received.total == 0:
        return int(time_out[sent.end - sent.total])
    first = time_in[received.end - received.total]
    return int(min(first, time_out[sent.end - sent.total]) if sent.total else first)


@inner_kernel
def event_at(labels: PastLabels, wallet: int) -> int:
    """Which event says what was known of a wallet; -1 where nothing was, or all has ended."""
    if not ever_labelled(labels.start, wallet):
        return -1
    first, end = labels.start[wallet], labels.start[wallet + 1]
    known = before(labels.known_at, first, end, labels.as_of[0])
    return known - 1 if known > first and labels.label[known - 1] != UNLABELLED else -1


@inner_kernel
def label_at(labels: PastLabels, wallet: int) -> int:
    """Label of a wallet that was known: ``UNLABELLED``, ``LICIT``, ``ILLICIT``, ``NO_VERDICT``."""
    event = event_at(labels, wallet)
    return int(labels.label[event]) if event >= 0 else UNLABELLED


@inner_kernel
def verdict_at(labels: PastLabels, event: int) -> int:
    """Verdict that an event brought: 0 for illicit, 1 for licit, -1 for none."""
    label = labels.label[event]
    if label == NO_VERDICT:
        return -1
    return 0 if label == ILLICIT else 1
