"""One answer of the endpoint for a reader, and the line that asks for it."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from serving.scoring.beside_text import beside_text


def score_text(answer: Mapping[str, Any]) -> str:
    """Say one answer of the scorer for a reader, its log-odds as a sum.

    Parameters
    ----------
    answer : mapping
        :class:`serving.schemas.answers.WalletScore` with reasons, with or without ``request_id``.
    """
    seen = answer["coverage"]
    lines = [
        f"wallet {answer['wallet']['address']} as of {answer['as_of']}: {answer['status']}",
        f"  probability {answer['probability']:.4f}, base rate {answer['base_rate']:g}, "
        f"band {answer['band']}; {seen['transfers_in']} transfers in, "
        f"{seen['transfers_out']} out",
    ]
    if answer["entity"] is not None:
        lines.append(_entity_text(answer["entity"]))
    lines += beside_text(answer)
    lines.append(_line(answer["base_log_odds"], "a typical wallet at the base rate"))
    for group in answer["groups"]:
        lines.append(_line(group["contribution"], group["sentence"]))
        lines += [f"             {_column_text(column)}" for column in group["columns"]]
    lines.append(_line(answer["other_groups_log_odds"], "all else"))
    return "\n".join([*lines, _line(answer["log_odds"], "log-odds of the probability")])


def _entity_text(entity: Mapping[str, Any]) -> str:
    """Whose score it is."""
    if not entity["whole"]:
        return f"  the wallet alone: its cluster of {entity['wallets']} wallets is too large"
    more = ", ..." if entity["wallets"] > len(entity["shown"]) else ""
    named = f"{entity['listed']} of them on lists" if entity["listed"] else "none on a list"
    warns = "; SANCTIONED" if entity["sanctioned"] else ""
    return (
        f"  entity of {entity['wallets']} wallets, {named}{warns}: "
        f"{', '.join(entity['shown'])}{more}"
    )


def _line(weight: float, what: str) -> str:
    return f"  {weight:+7.2f}  {what}"


def _column_text(column: Mapping[str, Any]) -> str:
    """Value of a column, where it lies among the training rows, and what it means."""
    value = "undefined" if column["value"] is None else f"{column['value']:.6g}"
    known = column["percentile"]
    place = "" if known is None else f" (above {known:.0f} % of training rows)"
    return f"{column['feature']} = {value}{place}: {column['meaning']}"


def curl_line(url: str, question: Mapping[str, Any]) -> str:
    r"""Give the shell command that asks the same.

    Examples
    --------
    >>> curl_line("http://127.0.0.1:8000/v1/wallets/score", {"wallet": "w"})
    'curl -s http://127.0.0.1:8000/v1/wallets/score --json \'{"wallet": "w"}\''
    """
    return f"curl -s {url} --json {shlex.quote(json.dumps(question))}"
