"""What is said beside a score, for a reader: lists, the ledger's age, exposure, and the bands."""

from collections.abc import Iterator, Mapping
from typing import Any

DAY_S, HOUR_S = 86_400, 3_600
LINES = 5  # of exposure, a side


def beside_text(answer: Mapping[str, Any]) -> list[str]:
    """Lines about an answer of the scorer, what warns first."""
    return [
        *_supposed(answer["supposed_transfers"]),
        *_stale(answer["stale"], answer["coverage"]),
        *_known(answer["known"]),
        *_override(answer["override"]),
        *_bands(answer["bands"]),
        *_exposure(answer["exposure"]),
    ]


def _supposed(count: int) -> Iterator[str]:
    if count:
        yield f"  WHAT IF: {count} supposed transfer(s), which nobody made, are in this answer"


def _stale(stale: bool, seen: Mapping[str, Any]) -> Iterator[str]:
    if stale and seen["ledger_age_s"] is None:
        yield "  STALE: the ledger is empty"
    elif stale:
        yield (
            f"  STALE: the ledger ends at {seen['ledger_last_timestamp']}, "
            f"{_duration(seen['ledger_age_s'])} before; what the wallet did since is not in it"
        )


def _known(known: Mapping[str, Any] | None) -> Iterator[str]:
    if known is None:
        return
    for entry in known["entries"]:
        what = "SANCTIONED" if entry["sanctioned"] and entry["until"] is None else "known"
        verdict = "" if entry["label"] is None else f"{entry['label']}, "
        original = entry["original"]
        words = f" ({original})" if original and original != entry["category"] else ""
        ended = "" if entry["until"] is None else f" until {entry['until']}"
        yield (
            f"  {what}: {verdict}{entry['category']}{words} by {entry['source'] or 'no named list'}"
            f" since {entry['known_at']}{ended}, confidence {entry['confidence']:g}; not in the "
            "score"
        )
    if known["left_out"]:
        yield f"  and {known['left_out']} more entries of lists"


def _override(override: Mapping[str, Any] | None) -> Iterator[str]:
    if override is not None:
        ends = override["expires_at"]
        yield (
            f"  OVERRIDE: {override['decision']} by {override['author']} since "
            f"{override['set_at']}{'' if ends is None else f' until {ends}'}, not in the score: "
            f"{' '.join(override['reason'].split())}"
        )


def _bands(bands: Mapping[str, Any]) -> Iterator[str]:
    steps = ", ".join(f"{band} from {lowest:.4g}" for band, lowest in bands["thresholds"].items())
    yield f"  bands {bands['version']}: {steps}; {bands['unit']}"


def _exposure(exposure: Mapping[str, Any] | None) -> Iterator[str]:
    if exposure is None:
        return
    unit = exposure["unit"]
    for side in ("received", "sent"):
        told = exposure[side]
        cut = "; not all of it was followed" if told["truncated"] else ""
        yield (
            f"  {side} {told['value']:g} {unit}: {told['service_like_value']:g} through wallets "
            f"like services, {told['unknown_value']:g} unknown{cut}"
        )
        for line in told["lines"][:LINES]:
            yield (
                f"    {line['share']:6.1%} {line['kind']}, {line['hops']} hop(s): {line['value']:g}"
                f" {unit} {line['label'] or 'no verdict'}, {line['category']}"
            )
        if len(told["lines"]) > LINES:
            yield f"    and {len(told['lines']) - LINES} smaller ones"


def _duration(seconds: float) -> str:
    """Days, or hours where they are fewer than two days.

    Examples
    --------
    >>> _duration(90_000), _duration(400 * 86_400)
    ('25 hours', '400 days')
    """
    if seconds < 2 * DAY_S:
        return f"{seconds / HOUR_S:.0f} hours"
    return f"{seconds / DAY_S:.0f} days"
