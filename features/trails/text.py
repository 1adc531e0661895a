"""The money trail for a reader at a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.contracts.addresses import canonical_one
from features.ledger import Ledger
from features.past import label_events
from features.trails.flow import Direction, Flow, best_flow, flow_question, follow_value
from features.trails.money_trail import question
from features.trails.records import SHOWN, Traced, read_trails
from features.trails.written import ends_text, instants, summary, visible
from features.view import View
from features.views import VIEWS, feature_columns


def read_trace(
    ledger: Path,
    wallet: str,
    as_of: str | None,
    labels: pd.DataFrame | None,
    *,
    views: tuple[View, ...] = VIEWS,
) -> tuple[dict[str, Any], Traced]:
    """Trace a wallet on a saved ledger, as of now by default; returns a heading and the trails.

    The heading says what was asked and how far the answer reaches: ``wallet``, ``as_of``,
    ``status``, ``labels`` (whether there were any) and ``truncated``.
    """
    instant = pd.Timestamp.now("UTC") if as_of is None else as_of
    opened = Ledger.open(ledger)
    code, micros = question(opened, wallet, instant)
    traced = read_trails(opened, code, micros, labels=label_events(opened, labels), views=views)
    heading = {
        "wallet": canonical_one(wallet, opened.chain),
        "as_of": str(np.datetime_as_string(np.datetime64(micros, "us"), timezone="UTC")),
        "status": traced.status,
        "labels": labels is not None,
        "truncated": traced.truncated,
    }
    return heading, traced


def read_flow(
    ledger: Path,
    wallets: Sequence[str],
    as_of: str | None,
    labels: pd.DataFrame | None,
    *,
    direction: Direction,
    to: Sequence[str] | None,
    share: float,
) -> Flow:
    """Follow the money of wallets on a saved ledger, as of now by default."""
    instant = pd.Timestamp.now("UTC") if as_of is None else as_of
    opened = Ledger.open(ledger)
    asked = flow_question(opened, wallets, instant, direction=direction, to=to, share=share)
    return best_flow(follow_value(opened, asked, labels=label_events(opened, labels)))


def flow_text(flow: Flow) -> str:
    """Say what a flow holds: its sums, where it ended, its largest transfers in order."""
    lines = [f"{flow.direction}: {summary(flow)}"]
    lines += [f"  {_exact(value)} ended {what}" for what, value in ends_text(flow).items()]
    traced = flow.transfers["traced_amount"]
    shown = flow.transfers.loc[traced.nlargest(SHOWN).sort_index().index]
    for row in shown.assign(timestamp=instants(shown["timestamp"])).to_dict("records"):
        known = f" ({row['category']})" if row["category"] else ""
        lines.append(_line(row, flow.unit, known))
    if len(flow.transfers) > len(shown):
        lines.append(f"{'':9}{len(flow.transfers) - len(shown)} smaller transfers not listed")
    return "\n".join(lines)


def trace_text(
    heading: Mapping[str, Any], traced: Traced, *, views: tuple[View, ...] = VIEWS
) -> str:
    """Say what :func:`read_trace` returned, a block a trail."""
    lines = [f"wallet {heading['wallet']} as of {_short(heading['as_of'])}: {heading['status']}"]
    if not heading["labels"]:
        lines.append("no labels given: no path to a known wallet is looked for")
    if heading["truncated"]:
        lines.append("a limit cut the history or a search short: there may be more")
    trails = traced.records()
    lines.append("a few trails a column, the most telling first" if trails else "no trail")
    meanings = {column.name: column.meaning for column in feature_columns(views)}
    for number, trail in enumerate(trails):
        category = f", {trail['category']}" if trail["category"] else ""
        lines += ["", f"trail {number}{category}"]
        for name in trail["columns"]:
            lines.append(f"  {name} = {_exact(traced.values[name])}: {meanings[name]}")
        lines += _transfers(trail, traced.transfers.unit)
    return "\n".join(lines)


def _transfers(trail: Mapping[str, Any], unit: str) -> Iterator[str]:
    last = 0
    for row in trail["transfers"]:
        if row["hop"] > last + 1:
            yield f"{'':9}{trail['left_out']} transfers left out"
        last = row["hop"]
        yield _line(row, unit)


def _line(row: Mapping[Any, Any], unit: str, known: str = "") -> str:
    """One transfer; what is ``known`` of its recipient comes after the name.

    ``unit`` is that of account, empty where amounts are values.
    """
    value, traced = row["value"], row["traced_amount"]
    part = "" if traced == value else f" ({_exact(traced)} of it)"
    moved = f"{_exact(row['amount'])} {visible(row['asset'])}, worth " if unit else ""
    moved += f"{_exact(value)}{f' {visible(unit)}' if unit else ''}"
    sender, recipient, tx_id = (visible(row[name]) for name in ("sender", "recipient", "tx_id"))
    return (
        f"{row['hop']:7}  {_short(row['timestamp'])}  {moved}{part} from "
        f"{sender} to {recipient}{known}, transfer {tx_id}:{row['position']}"
    )


def _exact(value: float) -> str:
    """The shortest decimal that stands for this number alone.

    Examples
    --------
    >>> _exact(1200000.0), _exact(1e-7), _exact(0.1)
    ('1200000', '0.0000001', '0.1')
    """
    return np.format_float_positional(value, trim="-")


def _short(time: str) -> str:
    """Leave out microseconds where they are zero."""
    return time.replace(".000000Z", "Z")
