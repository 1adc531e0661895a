"""What changed of a watched wallet since it was told, and the webhook that tells it."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from features.contracts.times import instant_text
from training.bands import LOWEST

UNKNOWN = "unknown"
TYPE = "wallet.changed"
_IDENTITY = ("category", "original", "label", "source", "known_at")


class Told(NamedTuple):
    """What a receiver knows of a wallet; nothing yet where ``band`` is None."""

    band: str | None
    probability: float | None
    listed: frozenset[str]
    as_of: str | None


def seen(answer: Mapping[str, Any], thresholds: Mapping[str, float] | None) -> Told:
    """What an answer says, by the thresholds of a list.

    Examples
    --------
    >>> answer = {"status": "scored", "probability": 0.4, "band": "low", "known": None,
    ...           "as_of": "2026-01-01T00:00:00Z"}
    >>> seen(answer, None).band, seen(answer, {"look": 0.2, "stop": 0.5}).band
    ('low', 'look')
    """
    band, probability = answer["band"], answer["probability"]
    if thresholds is not None and answer["status"] == "scored":
        reached = [(least, name) for name, least in thresholds.items() if probability >= least]
        band = max(reached)[1] if reached else LOWEST
    return Told(band, probability, listed(answer["known"]), answer["as_of"])


def listed(known: Mapping[str, Any] | None) -> frozenset[str]:
    """Digests of the entries of lists that are in force."""
    entries = [] if known is None else known["entries"]
    return frozenset(
        hashlib.sha256(json.dumps([one[name] for name in _IDENTITY]).encode()).hexdigest()[:16]
        for one in entries
        if one["until"] is None
    )


def changes(before: Told, now: Told) -> list[str]:
    """What to tell: band, listed (a list names it), unlisted.

    Examples
    --------
    >>> nothing = Told(None, None, frozenset(), None)
    >>> changes(nothing, Told("low", 0.1, frozenset(), "")), changes(nothing, Told("high", 0.9,
    ...     frozenset({"a"}), ""))
    ([], ['band', 'listed'])
    """
    quiet = (before.band, LOWEST, UNKNOWN) if before.band is None else (before.band,)
    found = [] if now.band in quiet else ["band"]
    if now.listed - before.listed:
        found.append("listed")
    if before.listed - now.listed:
        found.append("unlisted")
    return found


def message_of(
    name: str, what: list[str], before: Told, now: Told, answer: Mapping[str, Any], at_us: int
) -> dict[str, Any]:
    """A delivery: its id and its body."""
    past = {"band": before.band, "probability": before.probability, "as_of": before.as_of}
    body = {
        "type": TYPE,
        "timestamp": instant_text(at_us),
        "data": {
            "list": name,
            "wallet": answer["wallet"],
            "changes": what,
            "before": None if before.band is None else past,
            "after": {
                "band": now.band,
                "probability": now.probability,
                "status": answer["status"],
                "as_of": now.as_of,
            },
            "known": answer["known"],
            "stale": answer["stale"],
            "override": answer["override"],
            "score": answer["id"],
            "model_version": answer["model"]["version"],
            "bands_version": answer["bands"]["version"],
        },
    }
    return {"id": f"msg_{uuid.uuid4().hex}", "body": json.dumps(body, allow_nan=False)}
