"""One answer of the endpoint for a reader, and the line that asks for it."""

import json
import shlex
from collections.abc import Mapping
from typing import Any


def score_text(answer: Mapping[str, Any]) -> str:
    """Say one answer of the scorer for a reader, its log-odds as a sum.

    Parameters
    ----------
    answer : mapping
        :class:`serving.schemas.WalletScore` with reasons, with or without ``request_id``.
    """
    seen = answer["coverage"]
    lines = [
        f"wallet {answer['wallet']['address']} as of {answer['as_of']}: {answer['status']}",
        f"  probability {answer['probability']:.4f}, base rate {answer['base_rate']:g}, "
        f"band {answer['band']}; {seen['transfers_in']} transfers in, "
        f"{seen['transfers_out']} out",
    ]
    parts = [("base", answer["base_log_odds"], "")]
    for reason in answer["reasons"]:
        value = "undefined" if reason["value"] is None else f"{reason['value']:.6g}"
        meaning = f" = {value}: {reason['meaning']}"
        parts.append((reason["feature"], reason["contribution"], meaning))
    parts.append(("all other features", answer["other_log_odds"], ""))
    lines += [f"  {weight:+7.2f}  {name}{meaning}" for name, weight, meaning in parts]
    return "\n".join([*lines, f"  {answer['log_odds']:+7.2f}  log-odds of the probability"])


def curl_line(url: str, question: Mapping[str, Any]) -> str:
    r"""Give the shell command that asks the same.

    Examples
    --------
    >>> curl_line("http://127.0.0.1:8000/v1/wallets/score", {"wallet": "w"})
    'curl -s http://127.0.0.1:8000/v1/wallets/score --json \'{"wallet": "w"}\''
    """
    return f"curl -s {url} --json {shlex.quote(json.dumps(question))}"
