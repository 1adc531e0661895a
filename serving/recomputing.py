"""A past answer computed again: the same question as of the same instant, by what is known now."""

import base64
import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.audit.lines import Line
from serving.schemas.requests import ScoreRequest, Wallet
from serving.schemas.values import finite
from serving.service import Told

MOST_DIFFERENCES = 100
# of the moment of asking: two questions have two ids, and a ledger reaches further by now
_OF_ASKING = frozenset({
    "#/id", "#/request_id", "#/stale", "#/coverage/ledger_last_timestamp",
    "#/coverage/ledger_age_s", "#/coverage/stale_after_s",
})  # fmt: skip


def question_of(line: Line) -> ScoreRequest:
    """The question of a record, as of the instant that it was answered for."""
    record = line.content()
    asked = ScoreRequest.model_validate_json(json.dumps(record["question"]))
    as_of = datetime.fromisoformat(record["as_of"])
    return asked.model_copy(update={"wallet": Wallet(**record["wallet"]), "as_of": as_of})


def compared(line: Line, now: Told, columns: tuple[str, ...]) -> dict[str, Any]:
    """Say where an answer differs from the one of a record, and why.

    Parameters
    ----------
    line : Line
        Record of the answer that was given.
    now : Told
        Answer to the same question.
    columns : tuple of str
        Names of its features.

    Returns
    -------
    dict
        As :class:`serving.schemas.audit.Recomputed`, without ids.
    """
    record = line.content()
    # as JSON has it, which is how the other was written down
    answer = json.loads(json.dumps(now.content))
    found = list(_differences(record["answer"], answer, "#"))
    features = None
    if record["answer"]["model"] == answer["model"]:
        features = list(_other_features(_values(record), now.values, columns))
    return {
        "same": not found,
        "differences": found[:MOST_DIFFERENCES],
        "features": None if features is None else features[:MOST_DIFFERENCES],
        "why": list(_why(record, answer, now, features)) if found or features else [],
    }


def _values(record: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(record["features"]["float64"]), "<f8")


def _differences(then: Any, now: Any, place: str) -> Iterator[dict[str, Any]]:
    if place in _OF_ASKING:
        return
    if isinstance(then, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*then, *now]):
            yield from _differences(then.get(name), now.get(name), f"{place}/{name}")
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differences(one, other, f"{place}/{number}")
    elif then != now:
        yield {"pointer": place, "then": then, "now": now}


def _other_features(
    then: npt.NDArray[np.float64], now: npt.NDArray[np.float64], columns: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    for name, one, other in zip(columns, then.tolist(), now.tolist(), strict=True):
        if one != other and not (math.isnan(one) and math.isnan(other)):
            yield {"feature": name, "then": finite(one), "now": finite(other)}


def _why(
    record: Mapping[str, Any],
    answer: Mapping[str, Any],
    now: Told,
    features: list[dict[str, Any]] | None,
) -> Iterator[dict[str, str]]:
    then, stood, stands = record["answer"], record["ledger"], now.position
    found = []
    if then["model"]["version"] != answer["model"]["version"]:
        versions = f"{then['model']['version']} spoke then, {answer['model']['version']} speaks now"
        found.append({"cause": "model", "says": versions})
    if then["model"]["feature_definitions"] != answer["model"]["feature_definitions"]:
        found.append({"cause": "release", "says": "features are defined otherwise by now"})
    if then["bands"] != answer["bands"]:
        versions = f"{then['bands']['version']} then, {answer['bands']['version']} now"
        found.append({"cause": "bands", "says": f"policy of the bands: {versions}"})
    if stood["identity"] != stands.identity:
        found.append({"cause": "ledger", "says": "it is another ledger"})
    elif features or features is None:
        taken_back = stands.retractions - stood["retractions"]
        if taken_back > 0:
            says = f"{taken_back} transactions were taken back since"
            found.append({"cause": "retraction", "says": says})
        if stands.journal_seq != stood["journal_seq"] or stands.transfers > stood["transfers"]:
            more = stands.transfers - stood["transfers"]
            says = f"the ledger changed since, by {more:+d} transfers; some are of before as_of"
            found.append({"cause": "late_data", "says": says})
    if then["known"] != answer["known"] or (features and not found):
        found.append({"cause": "lists", "says": "lists say otherwise of that time by now"})
    if not found:
        found.append({"cause": "unexplained", "says": "nothing is known that explains it"})
    yield from found
