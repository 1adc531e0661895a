"""What the serving commands read and say."""

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import RiskError
from serving.schemas import microseconds
from serving.settings import Settings


def settings(ledger: Path, model: Path, labels: Path | None) -> Settings:
    """Join what the command names and what the environment sets.

    Raises
    ------
    RiskError
        A variable ``WALLETRISK_...`` has a value that is not allowed.
    """
    given: dict[str, Any] = {} if labels is None else {"labels": labels}
    try:
        return Settings(ledger=ledger, model=model, **given)
    except ValidationError as error:
        first = error.errors()[0]
        place = "__".join(str(part) for part in first["loc"]).upper()
        raise RiskError(f"WALLETRISK_{place}: {first['msg']}") from error


def instant(text: str | None) -> int:
    """Microseconds since 1970 UTC of an ISO 8601 time with an offset; None means now.

    Raises
    ------
    RiskError
        The text is no such time.

    Examples
    --------
    >>> instant("1970-01-01T00:00:01Z")
    1000000
    """
    if text is None:
        return microseconds(datetime.now(UTC))
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise RiskError(f"as-of {text!r} is no time with an offset, such as 2026-01-31T09:30:00Z")
    return microseconds(parsed)


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
