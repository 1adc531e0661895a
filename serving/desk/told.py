"""What a case's page, PDF and CSV show of an answer, put in order."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from serving.desk.axis import Axis, Tick, log_odds


class Alarming(NamedTuple):
    """Entries of lists that warn of a wallet, in force at the instant of the answer.

    Attributes
    ----------
    sanctions, illicit : list of entries
        Under a sanction; and called illicit without one.
    """

    sanctions: list[Mapping[str, Any]]
    illicit: list[Mapping[str, Any]]


def alarming(known: Mapping[str, Any] | None) -> Alarming:
    """Pick from a wallet's lists what is to be read before all else.

    Examples
    --------
    >>> scam = {"label": "illicit", "sanctioned": False, "until": None}
    >>> over = scam | {"until": "2026-01-31T09:30:00.000000Z"}
    >>> alarming({"entries": [scam, over]}).illicit == [scam]
    True
    """
    held = [one for one in (known or {}).get("entries", ()) if one["until"] is None]
    illicit = [one for one in held if one["label"] == "illicit" and not one["sanctioned"]]
    return Alarming([one for one in held if one["sanctioned"]], illicit)


class Segment(NamedTuple):
    """A band on the scale; places in percent."""

    band: str
    x: float
    width: float
    lowest: float


class Scale(NamedTuple):
    """The probability among the bands; places in percent."""

    segments: list[Segment]
    ticks: list[Tick]
    base: float
    at: float
    low: float | None
    high: float | None


def scale(answer: Mapping[str, Any]) -> Scale:
    """Place an answer's probability, its interval and the base rate among the bands."""
    thresholds = answer["bands"]["thresholds"]
    ends = [answer["probability_low"], answer["probability_high"]]
    shown = [answer["probability"], answer["base_rate"], *thresholds.values()]
    shown += [end for end in ends if end is not None]
    axis = Axis.around(log_odds(one) for one in shown)
    starts = [axis.low, *(log_odds(one) for one in thresholds.values())]
    segments = [
        Segment(band, axis.at(start), round(axis.at(end) - axis.at(start), 3), lowest)
        for band, start, end, lowest in zip(
            ("low", *thresholds), starts, [*starts[1:], axis.high], (0.0, *thresholds.values()),
            strict=True,
        )
    ]  # fmt: skip
    low, high = (None if end is None else axis.at(log_odds(end)) for end in ends)
    at, base = (axis.at(log_odds(answer[name])) for name in ("probability", "base_rate"))
    return Scale(segments, axis.ticks(), base, at, low, high)


class Exposed(NamedTuple):
    """What of one side lies with labelled wallets of one category."""

    category: str
    label: str | None
    direct: float
    indirect: float
    hops: str
    value: float
    share: float


def exposed(side: Mapping[str, Any]) -> list[Exposed]:
    """Lines of a side by category and verdict: illicit ones first, then by value.

    Examples
    --------
    >>> line = {"category": "mixer", "label": None, "kind": "direct", "hops": 1, "value": 2.0,
    ...         "share": 0.2}
    >>> far = line | {"kind": "indirect", "hops": 3, "value": 1.0, "share": 0.1}
    >>> told = exposed({"lines": [line, far]})
    >>> told[0].direct, told[0].indirect, told[0].hops, round(told[0].share, 2)
    (2.0, 1.0, '1-3', 0.3)
    """
    groups = defaultdict[tuple[str, str | None], list[Mapping[str, Any]]](list)
    for line in side["lines"]:
        groups[line["category"], line["label"]].append(line)
    found = []
    for (category, label), lines in groups.items():
        direct = sum(line["value"] for line in lines if line["kind"] == "direct")
        value = sum(line["value"] for line in lines)
        hops = sorted({line["hops"] for line in lines})
        span = f"{hops[0]}" if len(hops) == 1 else f"{hops[0]}-{hops[-1]}"
        share = sum(line["share"] for line in lines)
        found.append(Exposed(category, label, direct, value - direct, span, value, share))
    return sorted(found, key=lambda one: (one.label != "illicit", -one.value))


class Mover(NamedTuple):
    """A transfer that moved the score: from or to whom, and what the answer tells of it."""

    way: str
    wallet: str
    transfer: Mapping[str, Any]


def movers(answer: Mapping[str, Any]) -> list[Mover]:
    """The transfers that moved a score most; none of a model that reads no single ones.

    Examples
    --------
    >>> one = {"neighbour": "sender", "sender": "a", "recipient": "b"}
    >>> movers({"transfer_reasons": {"transfers": [one]}})[0][:2]
    ('from', 'a')
    """
    return [
        Mover("from" if one["neighbour"] == "sender" else "to", one[one["neighbour"]], one)
        for one in (answer["transfer_reasons"] or {}).get("transfers", ())
    ]


def provenance(answer: Mapping[str, Any], ledger: str) -> list[tuple[str, str]]:
    """What a reader needs to ask the same again, as pairs of a name and a value."""
    model = answer["model"]
    end = answer["coverage"]["ledger_last_timestamp"]
    return [
        ("as of", answer["as_of"]),
        ("answer", answer["id"]),
        ("request", answer["request_id"]),
        ("ledger", ledger),
        ("ledger's last transfer", "none" if end is None else end),
        ("model version", model["version"]),
        ("model", f"{model['kind']}, trained until {model['trained_until']}"),
        ("feature definitions", model["feature_definitions"]),
        ("bands", f"{answer['bands']['version']}, {answer['bands']['chosen_by']}"),
        ("base rate", f"{answer['base_rate']:g}"),
    ]
