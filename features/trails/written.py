"""A flow as a file: a picture (svg, png), a page (html) or a table (csv), or as objects for JSON.

Names of wallets and ids of transactions are whatever a sender chose: every one is escaped, letters
that cannot be seen are written out, and a cell of a csv never begins a formula.
"""

import io
import re
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import RiskError
from features.trails.flow import Flow

SHOWN_ROWS = 2_000  # transfers of a page or an answer, the largest; a csv has all
ENDINGS = (".svg", ".html", ".csv", ".png")
_FORMULA = re.compile(r"^[\s]*[=+\-@|]")
_STYLE = (
    "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}"
    "td,th{padding:2px 8px;border-bottom:1px solid #ddd;text-align:left;white-space:nowrap}"
    "td.number{text-align:right}svg{max-width:100%;height:auto}div{overflow-x:auto}"
)
_MEANING = {
    "asked": "came back to a wallet that was asked about",
    "target": "reached the wallets that were asked for",
    "labelled": "at a labelled wallet",
    "service": "at a service-like wallet",
    "hidden": "at a transaction that hides who of many paid whom",
    "unread": "beyond the transfers of a wallet that are read",
    "dust": "too small for the wallet that received it",
    "circular": "in a circle inside one instant",
    "not followed": "below the floor, or beyond a cap",
}


def require_ending(path: Path) -> None:
    """Refuse a file of a kind that no flow is written to.

    Raises
    ------
    RiskError
    """
    if path.suffix not in ENDINGS:
        raise RiskError(f"{path}: a trail is written to a file *{', *'.join(ENDINGS)}")


def write_flow(path: Path, flow: Flow) -> None:
    """Write a flow to a file, by the ending of its name."""
    require_ending(path)
    if path.suffix == ".csv":
        table_of(flow).to_csv(path, index=False)
    elif path.suffix == ".html":
        path.write_text(page(flow), encoding="utf-8")
    elif path.suffix == ".svg":
        path.write_text(svg(flow), encoding="utf-8")
    else:
        from features.trails.drawn import drawn
        from features.trails.picture import picture

        picture(drawn(flow)).savefig(path, dpi=150)


def svg(flow: Flow) -> str:
    """A picture as text; equal flows give equal text."""
    import matplotlib as mpl

    from features.trails.drawn import drawn
    from features.trails.picture import picture

    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "walletrisk"}):
        picture(drawn(flow)).savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def visible(text: str) -> str:
    """A text whose letters can all be seen, and none of which turns the others round.

    Examples
    --------
    >>> visible("café x"), visible(chr(0x202e))[1:]
    ('café x', 'u202e')
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def table_of(flow: Flow) -> pd.DataFrame:
    """All transfers, safe for spreadsheets: what would begin a formula begins with ' instead.

    Times are ISO 8601 texts in UTC.
    """
    table = flow.transfers.copy()
    for name in ("tx_id", "sender", "recipient", "asset"):
        table[name] = [_safe(text) for text in table[name]]
    table["timestamp"] = instants(table["timestamp"])
    return table


def _safe(text: str) -> str:
    seen = visible(text)
    return f"'{seen}" if _FORMULA.match(seen) else seen


def instants(times: "pd.Series[Any]") -> list[str]:
    """Times as ISO 8601 texts in UTC, in microseconds."""
    micros = times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    texts: list[str] = np.datetime_as_string(micros, timezone="UTC").tolist()
    return texts


def ends_text(flow: Flow) -> dict[str, float]:
    """Where all the value ended, in words, the most first."""
    rest = "not sent on" if flow.direction == "forward" else "where nothing known paid for it"
    ordered = sorted(flow.reached.items(), key=lambda item: -item[1])
    return {_MEANING.get(end, rest): value for end, value in ordered}


def page(flow: Flow) -> str:
    """A page that needs nothing else: the picture, where the value ended, the transfers."""
    rows = _largest(flow)
    drawing = svg(flow)
    cut = len(flow.transfers) - len(rows)
    tail = f"<p>{cut} smaller transfers are not listed; a csv has them.</p>" if cut else ""
    whither = "".join(
        f"<tr><td>{escape(what)}</td><td class=number>{value:,.6g}</td></tr>"
        for what, value in ends_text(flow).items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Money trail</title>'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{_STYLE}</style></head><body><h1>Money trail, {flow.direction}</h1>"
        f"<p>{escape(summary(flow))}</p><div>{drawing[drawing.index('<svg') :]}</div>"
        f"<h2>Where it ended</h2><table>{whither}</table>"
        f"<h2>Transfers</h2><div><table>{_html_rows(rows)}</table></div>{tail}</body></html>\n"
    )


def summary(flow: Flow) -> str:
    """What the flow holds and what it does not, in a line."""
    what = "sent" if flow.direction == "forward" else "received"
    share = flow.kept / flow.total if flow.total else 0.0
    text = (
        f"{flow.kept:,.6g} of {flow.total:,.6g}{f' {visible(flow.unit)}' if flow.unit else ''} "
        f"{what} ({share:.1%}) in {len(flow.transfers)} "
        f"transfers; {flow.left_out} more were followed and left out"
    )
    if flow.unread:
        text += f"; {flow.unread} own transfers beyond the reading limit"
    return text + ("; a limit cut the search: there may be more" if flow.truncated else "")


def _largest(flow: Flow) -> pd.DataFrame:
    """The largest transfers, in their order."""
    if len(flow.transfers) <= SHOWN_ROWS:
        return flow.transfers
    order = np.argsort(-flow.transfers["traced_amount"].to_numpy(), kind="stable")
    return flow.transfers.iloc[np.sort(order[:SHOWN_ROWS])]


def _html_rows(rows: pd.DataFrame) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in rows.columns)
    cells = rows.assign(timestamp=instants(rows["timestamp"])).itertuples(index=False, name=None)
    return "".join([f"<tr>{head}</tr>", *(f"<tr>{''.join(map(_cell, row))}</tr>" for row in cells)])


def _cell(value: object) -> str:
    if isinstance(value, (int, float)):
        return f"<td class=number>{value:,.10g}</td>"
    return f"<td>{escape(visible(str(value)))}</td>"


def flow_facts(flow: Flow) -> dict[str, Any]:
    """A flow for JSON: sums, ends, the largest transfers and the payments between those."""
    rows = _largest(flow)
    number = {row: place for place, row in enumerate(rows.index.tolist())}
    records = rows.assign(timestamp=instants(rows["timestamp"])).to_dict("records")
    triples = flow.payments[["source", "target", "amount"]].itertuples(index=False, name=None)
    return {
        "direction": flow.direction,
        "unit": flow.unit,
        "share": flow.share,
        "total_amount": flow.total,
        "followed_amount": flow.followed,
        "kept_amount": flow.kept,
        "reached": flow.reached,
        "left_out": flow.left_out,
        "not_shown": len(flow.transfers) - len(rows),
        "unread": flow.unread,
        "transfers": records,
        "payments": [
            {"source": number[source], "target": number[target], "amount": amount}
            for source, target, amount in triples
            if source in number and target in number
        ],
    }
