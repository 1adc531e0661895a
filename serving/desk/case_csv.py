"""A case as a table: one row a fact, and what it is of in every row.

Names are whatever a sender chose: a cell never begins a formula, and letters that cannot be seen
are written out.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from features.trails.written import visible
from serving.desk.cases import Case
from serving.desk.told import movers

COLUMNS = (
    "answer", "request", "wallet", "as_of", "model_version", "ledger", "section", "item", "value",
    "unit", "detail",
)  # fmt: skip
# as features.trails.written has it, and with what Excel takes for a sign of one
_FORMULA = re.compile(r"\s*[=+\-@|\t\r]")
_NUMBER = re.compile(r"-?[0-9.]+(e[+-]?[0-9]+)?")

Row = tuple[str, str, object, str, str]


def cell(value: object) -> str:
    """A cell that is text to every spreadsheet, or a number.

    Examples
    --------
    >>> cell("=1+1"), cell("  @SUM(A1)"), cell(-0.5), cell("-2+3"), cell(None)
    ("'=1+1", "'  @SUM(A1)", '-0.5', "'-2+3", '')
    """
    if value is None:
        return ""
    text = visible(str(value))
    if isinstance(value, float | int) and _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if _FORMULA.match(text) else text


def case_csv(case: Case) -> str:
    """All that the page of a case tells, as comma-separated values."""
    answer = case.answer
    of = (
        answer["id"], answer["request_id"], case.wallet, case.as_of,
        answer["model"]["version"], case.ledger,
    )  # fmt: skip
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(COLUMNS)
    for row in facts(case):
        written.writerow([cell(value) for value in (*of, *row)])
    return text.getvalue()


def facts(case: Case) -> Iterator[Row]:
    """Section, item, value, unit and detail of each fact, what decides first."""
    answer = case.answer
    yield from _score(case)
    yield from _lists(answer["known"])
    yield from _reasons(answer)
    yield from _exposure(answer["exposure"])
    for name, value in answer["coverage"].items():
        yield "history", name, value, "", ""
    for name, value in answer["model"].items():
        yield "model", name, value, "", ""
    for band, lowest in answer["bands"]["thresholds"].items():
        yield "bands", band, lowest, "probability", answer["bands"]["version"]


def _score(case: Case) -> Iterator[Row]:
    answer = case.answer
    yield "wallet", "as typed", case.typed, "", ""
    yield "score", "status", answer["status"], "", "a signal for a reviewer, not a decision"
    told = ("probability", "probability_low", "probability_high", "base_rate", "log_odds", "band")
    for name in told:
        yield "score", name, answer[name], "", ""
    for kind, probability in (answer["categories"] or {}).items():
        yield "score", f"probability of {kind}", probability, "", ""
    yield "score", "stale", answer["stale"], "", ""
    for one in case.asked.transfers:
        way = f"from {one.sender} to {one.recipient}"
        yield "what if", "supposed transfer", str(one.amount), one.asset, way
    override = answer["override"]
    if override is not None:
        yield "override", override["decision"], override["author"], "", override["reason"]


def _lists(known: Mapping[str, Any] | None) -> Iterator[Row]:
    if known is None:
        yield "lists", "loaded", "none", "", ""
        return
    yield "lists", "sanctioned", known["sanctioned"], "", ""
    for entry in known["entries"]:
        until = "in force" if entry["until"] is None else f"until {entry['until']}"
        detail = f"{entry['source']}, since {entry['known_at']}, {until}, {entry['original']}"
        yield "lists", entry["category"], entry["label"], "", detail
    yield "lists", "left out", known["left_out"], "entries", ""


def _reasons(answer: Mapping[str, Any]) -> Iterator[Row]:
    yield "reasons", "base", answer["base_log_odds"], "log-odds", "a typical wallet"
    for group in answer["groups"] or ():
        yield "reasons", group["meaning"], group["contribution"], "log-odds", group["sentence"]
        for column in group["columns"]:
            detail = f"{column['meaning']}; value {column['value']}"
            item = f"{group['meaning']}: {column['feature']}"
            yield "columns", item, column["contribution"], "log-odds", detail
    yield "reasons", "everything else", answer["other_groups_log_odds"], "log-odds", ""
    for way, wallet, one in movers(answer):
        item = f"{way} {wallet}, {one['tx_id']}, {one['position']}"
        detail = f"{one['amount']} {one['asset']}, {one['timestamp']}; part of the reasons above"
        yield "transfers that moved it", item, one["contribution"], "log-odds", detail


def _exposure(exposure: Mapping[str, Any] | None) -> Iterator[Row]:
    if exposure is None:
        yield "exposure", "not traced", None, "", "no labels are loaded"
        return
    unit = exposure["unit"]
    for side in ("received", "sent"):
        told = exposure[side]
        yield f"exposure, {side}", "all", told["value"], unit, ""
        for line in told["lines"]:
            detail = f"{line['kind']}, {line['hops']} hop(s), {line['label'] or 'no verdict'}"
            yield f"exposure, {side}", line["category"], line["value"], unit, detail
        for name in ("service_like_value", "unknown_value"):
            yield f"exposure, {side}", name, told[name], unit, ""
        if told["truncated"]:
            yield f"exposure, {side}", "truncated", True, "", "not all of it was followed"
