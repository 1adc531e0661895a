"""The flow of a wallet's money: whence it came, or whither it went, as one graph of transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.addresses import canonical_one
from features.contracts.categories import CATEGORIES
from features.contracts.spine import check_spine
from features.errors import SpineError
from features.kernel import Int32s, Records
from features.ledger import Ledger, microseconds
from features.past import LabelEvents, label_events, past_of
from features.trails.best_paths import Parts, take_paths
from features.trails.follow import follow
from features.trails.following import ASKED, ENDS, LEFT, TARGET, FlowCaps
from features.trails.moved import Moved, moved

Direction = Literal["backward", "forward"]
DIRECTIONS: tuple[Direction, ...] = ("backward", "forward")
SHARE = 0.95
CAPS = FlowCaps(transfers=16_384, payments=131_072, read_transfers=1_000_000, floor_share=1e-5)
MAX_WALLETS = 1_000


class Question(NamedTuple):
    """What a flow was asked for, checked.

    Attributes
    ----------
    wallets : int32 array, codes of known wallets
    as_of : int, microseconds since 1970 UTC
    forward : bool
    to : int32 array or None, codes; None: to wherever it goes
    share : float
    """

    wallets: Int32s
    as_of: int
    forward: bool
    to: Int32s | None
    share: float


@dataclass(frozen=True, slots=True)
class Flow:
    """Transfers that the value of a wallet came by or went on by, merged into one acyclic graph.

    Attributes
    ----------
    transfers : DataFrame, one row a transfer, in order of hop and time
        ``hop`` (least number of transfers from the wallet asked about, from 1), ``tx_id``,
        ``position``, ``timestamp``, ``sender``, ``recipient``, ``amount``, ``asset``, ``value``
        (in the ledger's unit of account), ``traced_amount`` (what of the value belongs to the
        flow), ``begins_amount`` (what of that is the asked wallet's own), ``ended_amount`` (what of
        it goes no further), ``end`` (why, one of :data:`ENDS`) and ``category`` of a labelled far
        wallet.
    payments : DataFrame, one row a pair of transfers that pass value at a wallet
        ``source`` and ``target``, rows of ``transfers`` (``source`` is nearer to the wallet asked
        about), and ``amount``.
    total : float, value that was asked about
    followed : float
        Of it, what the paths were chosen from: all, or what reached the wallets of ``to``.
    kept : float, of that, what the transfers hold
    reached : mapping of str to float, the whole ``total`` by where it ended, pruned or not
    left_out : int, transfers that were followed and pruned
    unread : int, the asked wallets' own transfers beyond the cap of a history
    truncated : bool, whether a cap cut the search short
    direction, share : as asked
    unit : str, of account; empty where the ledger is of one asset and counts in it
    """

    transfers: pd.DataFrame
    payments: pd.DataFrame
    total: float
    followed: float
    kept: float
    reached: dict[str, float]
    left_out: int
    unread: int
    truncated: bool
    direction: Direction
    share: float
    unit: str = ""


def trace_flow(
    ledger: Ledger,
    wallets: str | Sequence[str],
    as_of: str | datetime,
    *,
    direction: Direction,
    to: Sequence[str] | None = None,
    labels: pd.DataFrame | None = None,
    share: float = SHARE,
) -> Flow:
    """Follow value back from what wallets received, or forward from what they sent.

    Value goes through splits, merges, swaps and rests of any length, by the payments of
    :mod:`features.trails.settlement`. It ends at wallets with a label known at ``as_of``, at those
    asked about, at service-like ones (:mod:`features.taint.service`; not
    inside one transaction), at a transaction that hides who paid whom (a pseudo-wallet ``tx:...``),
    and where nothing paid or was paid. The widest paths are kept until
    they hold ``share`` of it.

    Parameters
    ----------
    ledger : Ledger
    wallets : str or sequence of str
        One, or a set that is asked about as one.
    as_of : datetime with a time zone, or ISO 8601 text with an offset
    direction : "backward" or "forward"
    to : sequence of str, optional
        Keep only what comes from (backward) or reaches (forward) these wallets, where it ends.
    labels : DataFrame, optional
        Known wallets.
    share : float
        In (0, 1].

    Raises
    ------
    SpineError
        A wallet is no name, ``as_of`` no instant, or direction or share none of the allowed.
    LabelsError
        The labels break their contract.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "tx_id": ["t1", "t2", "t3"], "sender": ["a", "b", "b"], "recipient": ["b", "c", "d"],
    ...     "timestamp": pd.date_range("2026-01-01", periods=3, tz="UTC"),
    ...     "amount": [2.0, 1.5, 0.5], "asset": "ETH"})
    >>> flow = trace_flow(Ledger.from_transfers(frame), "a", "2026-02-01T00:00Z",
    ...     direction="forward", share=1.0)
    >>> flow.transfers[["hop", "recipient", "traced_amount"]].values.tolist()
    [[1, 'b', 2.0], [2, 'c', 1.5], [2, 'd', 0.5]]
    """
    asked = flow_question(ledger, wallets, as_of, direction=direction, to=to, share=share)
    return best_flow(follow_value(ledger, asked, labels=label_events(ledger, labels)))


def flow_question(
    ledger: Ledger,
    wallets: str | Sequence[str],
    as_of: str | datetime,
    *,
    direction: str,
    to: Sequence[str] | None = None,
    share: float = SHARE,
) -> Question:
    """Check what a flow is asked for; parameters and errors are those of :func:`trace_flow`."""
    if direction not in DIRECTIONS:
        raise SpineError(f"direction is {direction!r}; allowed are {' and '.join(DIRECTIONS)}")
    if not 0.0 < share <= 1.0:
        raise SpineError(f"share is {share}; allowed is above 0 and up to 1")
    own = [wallets] if isinstance(wallets, str) else list(wallets)
    codes, instant = _codes(ledger, own, as_of, "wallets")
    ends = None if to is None else _codes(ledger, list(to), as_of, "to")[0]
    return Question(codes, instant, direction == "forward", ends, share)


def _codes(
    ledger: Ledger, wallets: list[str], as_of: str | datetime, name: str
) -> tuple[Int32s, int]:
    """Codes of those wallets that are known, and the instant."""
    if not 0 < len(wallets) <= MAX_WALLETS:
        raise SpineError(f"{name} has {len(wallets)} wallets; allowed are 1 to {MAX_WALLETS}")
    rows = pd.DataFrame({"wallet": list(dict.fromkeys(wallets)), "as_of": as_of})
    asked = check_spine(rows, chain=ledger.chain)
    codes = known_codes(ledger, asked["wallet"].tolist())
    return codes, int(microseconds(asked["as_of"])[0])


def known_codes(ledger: Ledger, wallets: Sequence[str]) -> Int32s:
    """Codes of those wallets that the ledger knows, each once.

    Raises
    ------
    AddressError
        One is no address of the ledger's chain.
    """
    names = dict.fromkeys(canonical_one(wallet, ledger.chain) for wallet in wallets)
    codes = [ledger.code(name) for name in names]
    return np.array([code for code in codes if code >= 0], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Followed:
    """What a search left, which stays as it is when the ledger changes; see :func:`best_flow`.

    Attributes
    ----------
    asked : Question
    entries, links : record arrays of :mod:`features.trails.following`
    moved : Moved, of each entry
    category : list of str, of the far wallet of each entry
    total : float, value that was asked about
    unread : int, of the asked wallets' own transfers
    full : bool, whether a cap ended the search
    """

    asked: Question
    entries: Records
    links: Records
    moved: Moved
    category: list[str]
    total: float
    unread: int
    full: bool


def follow_value(
    ledger: Ledger, asked: Question, *, labels: LabelEvents, caps: FlowCaps = CAPS
) -> Followed:
    """Search a ledger; nothing of it is read later."""
    roles = np.zeros(ledger.n_wallets, dtype=np.int8)
    if asked.to is not None:
        roles[asked.to] = TARGET
    roles[asked.wallets] = ASKED
    instants = np.full(asked.wallets.size, asked.as_of)
    past = past_of(ledger, asked.wallets, instants, labels)
    memory, unread = follow(past, ledger.tx_hash, asked.forward, caps, roles)
    sums = memory.sums[0]
    entries, links = memory.entries[: sums["entries"]], memory.links[: sums["links"]]
    category = [
        CATEGORIES[labels.category[event]] if event >= 0 else "" for event in entries["event"]
    ]
    facts = moved(ledger, entries["row"].astype(np.int64))
    total, full = float(sums["total"]), bool(sums["full"])
    return Followed(asked, entries, links, facts, category, total, unread, full)


def best_flow(found: Followed) -> Flow:
    """Keep the best paths of what was followed."""
    asked, entries = found.asked, found.entries
    links = found.links[np.argsort(found.links["source"], kind="stable")]
    why, ended = _ended(entries)
    reached = np.bincount(why, weights=ended, minlength=len(ENDS))
    left = Parts(
        entries["asked"].copy(),
        ended if asked.to is None else np.where(why == TARGET, ended, 0.0),
        entries["sent_on"][links["source"]] * links["share"],
    )
    taken = Parts(*(np.zeros_like(part) for part in left))
    followed = float(left.ends.sum())
    order = np.lexsort((entries["hop"], entries["time"] if asked.forward else -entries["time"]))
    first = np.searchsorted(links["source"], np.arange(entries.size + 1))
    done = take_paths(order, first, links, left, taken, asked.share * followed)
    transfers, payments = _tables(found, links, taken, why)
    return Flow(
        transfers,
        payments,
        total=found.total,
        followed=followed,
        kept=float(taken.ends.sum()),
        reached={ENDS[k]: float(reached[k]) for k in range(1, len(ENDS)) if reached[k] > 0.0},
        left_out=entries.size - len(transfers),
        unread=found.unread,
        truncated=found.full or found.unread > 0 or not done,
        direction="forward" if asked.forward else "backward",
        share=asked.share,
        unit=found.moved.unit,
    )


def _ended(entries: Records) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Why value ends at each transfer, a place in ``ENDS``, and how much."""
    rest = entries["sent_on"] * entries["rest"]
    passing = np.where(
        (rest >= entries["waiting"]) & (entries["sent_on"] > 0.0), entries["why_rest"], LEFT
    )
    why = np.where(entries["why"] > 0, entries["why"], passing)
    return why.astype(np.int64), entries["waiting"] + rest


def _tables(
    found: Followed, links: Records, taken: Parts, why: npt.NDArray[np.int64]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Transfers and payments that hold value of the paths."""
    entries, facts = found.entries, found.moved
    kept = taken.ends + np.bincount(links["source"], weights=taken.between, minlength=entries.size)
    chosen = np.flatnonzero(kept > 0.0)
    chosen = chosen[np.lexsort((chosen, entries["time"][chosen], entries["hop"][chosen]))]
    place = np.full(entries.size, -1)
    place[chosen] = np.arange(chosen.size)
    used = np.flatnonzero(taken.between > 0.0)

    def texts(names: Sequence[str]) -> pd.Series:
        return pd.Series([names[k] for k in chosen.tolist()], dtype="str")

    end = [ENDS[k] if amount > 0.0 else "" for k, amount in zip(why, taken.ends, strict=True)]
    transfers = pd.DataFrame(
        {
            "hop": entries["hop"][chosen].astype(np.int64),
            "tx_id": texts(facts.tx_id),
            "position": facts.position[chosen],
            "timestamp": pd.DatetimeIndex(facts.time[chosen].astype("datetime64[us]"), tz="UTC"),
            "sender": texts(facts.sender),
            "recipient": texts(facts.recipient),
            "amount": facts.amount[chosen],
            "asset": texts(facts.asset),
            "value": facts.value[chosen],
            "traced_amount": kept[chosen],
            "begins_amount": taken.begins[chosen],
            "ended_amount": taken.ends[chosen],
            "end": texts(end),
            "category": texts(found.category),
        }
    )
    payments = pd.DataFrame(
        {
            "source": place[links["source"][used]],
            "target": place[links["target"][used]],
            "amount": taken.between[used],
        }
    )
    return transfers, payments
