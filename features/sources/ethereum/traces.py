"""Calls inside transactions, in the two ways that nodes tell them, as one frame of traces.

``trace_block`` (OpenEthereum, Nethermind, Erigon, Reth, Besu, anvil) gives a flat list, in which a
call that went well may lie below one that was undone; the ``callTracer`` of
``debug_traceBlockByNumber`` (geth and all others) gives a tree.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from features.sources.ethereum.moves import Sieve
from features.sources.ethereum.rules import BORROWING_CALLS, PAYING_TRACES

Json = Mapping[str, Any]
UNDONE = "undone calls"
BORROWED = "delegate and static calls, which move nothing"
REWARDS = "block rewards and genesis balances, which no transaction moved"


class Trace(NamedTuple):
    """One call, creation or self-destruction inside a transaction.

    ``call`` is the kind of a call, "" for what is none; ``path`` its place in the tree of calls,
    such as "1,0", "" for the transaction itself; ``error`` what ended it, "" where it went well.
    """

    tx_id: str | None
    sender: str | None
    recipient: str | None
    raw: str
    type: str
    call: str
    path: str
    error: str


def of_trace_block(answer: Iterable[Json]) -> Iterator[Trace]:
    """Traces of what ``trace_block`` answered."""
    for one in answer:
        action, kind = one["action"], str(one["type"])
        result = one.get("result") or {}
        recipient = action.get("to") or action.get("refundAddress") or result.get("address")
        value = action.get("value", action.get("balance", "0x0"))
        yield Trace(
            one.get("transactionHash"),
            action.get("from") or action.get("address") or action.get("author"),
            recipient,
            str(int(value, 16)),
            kind,
            action.get("callType") or "",
            ",".join(map(str, one["traceAddress"])),
            one.get("error") or "",
        )


def of_call_tracer(answer: Sequence[Json], tx_ids: Sequence[str]) -> Iterator[Trace]:
    """Traces of what ``debug_traceBlockByNumber`` with the callTracer answered.

    Parameters
    ----------
    answer : sequence of mapping, shape (n,)
        A tree a transaction, in order.
    tx_ids : sequence of str, shape (n,)
        Of the block: some nodes do not repeat them.
    """
    for tx_id, one in zip(tx_ids, answer, strict=True):
        waiting: list[tuple[Json, str]] = [(one["result"], "")]
        while waiting:
            frame, path = waiting.pop()
            kind = str(frame["type"]).lower()
            calls = kind not in PAYING_TRACES or kind == "call"
            yield Trace(
                tx_id,
                frame.get("from"),
                frame.get("to"),
                str(int(frame.get("value") or "0x0", 16)),
                "call" if calls else kind,
                kind if calls else "",
                path,
                frame.get("error") or "",
            )
            inner, within = frame.get("calls") or (), f"{path}," if path else ""
            waiting += [(each, f"{within}{at}") for at, each in reversed(list(enumerate(inner)))]


def trace_frame(traces: Iterable[Trace]) -> pd.DataFrame:
    """Columns of :class:`Trace`, and ``failed``: whether it or a call around it was undone."""
    frame = pd.DataFrame(list(traces), columns=list(Trace._fields))
    return frame.assign(failed=undone(frame["tx_id"], frame["path"], frame["error"]))


def undone(tx_id: pd.Series, path: pd.Series, error: pd.Series) -> np.ndarray:
    """Whether a trace, or one that encloses it, ended in an error: bool (n,).

    Parameters
    ----------
    tx_id, path, error : Series of str
        As in :class:`Trace`.
    """
    ended = (error != "").to_numpy(dtype=bool)
    failed = ended.copy()
    calls = set(tx_id[ended])
    suspects = np.flatnonzero(tx_id.isin(calls).to_numpy())
    rows = zip(tx_id.iloc[suspects], path.iloc[suspects], suspects.tolist(), strict=True)
    verdicts: dict[tuple[str, str], bool] = {}
    # outer calls first, so that each asks only for the one around it, however deep it lies
    for tx, place, row in sorted(rows, key=lambda one: one[1].count(",") if one[1] else -1):
        failed[row] |= bool(place) and _verdict(verdicts, tx, place.rpartition(",")[0])
        verdicts[tx, place] = bool(failed[row])
    return failed


def _verdict(verdicts: Mapping[tuple[str, str], bool], tx: str, path: str) -> bool:
    """Whether a call was undone, or the next one around it that is told of."""
    while path and (tx, path) not in verdicts:
        path = path.rpartition(",")[0]
    return verdicts.get((tx, path), False)


def payments(traces: pd.DataFrame, left_out: Counter[str]) -> pd.DataFrame:
    """Those traces that move the chain's own asset, with ``top``: whether it is the root.

    Parameters
    ----------
    traces : DataFrame
        ``tx_id, sender, recipient, raw, type, call, path, failed``, and any others.
    left_out : Counter of str
    """
    sieve = Sieve(traces, left_out)
    sieve.drop(sieve.rows["tx_id"].isna(), REWARDS)
    sieve.drop(sieve.rows["failed"], UNDONE)
    sieve.drop(sieve.rows["call"].isin(BORROWING_CALLS), BORROWED)
    sieve.drop(~sieve.rows["type"].isin(PAYING_TRACES), "traces of unknown types")
    sieve.drop(sieve.rows["recipient"].isna(), "traces without a recipient")
    return sieve.rows.assign(top=sieve.rows["path"] == "")
