"""What is in a file of labels: by category, by source, known when, and where they contradict."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pandas as pd

from features.contracts.categories import CATEGORIES, category_place, other_words
from features.contracts.labels import UNSPECIFIED, in_force, known_before
from features.contracts.times import LATEST

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Report:
    """Findings on labels.

    Attributes
    ----------
    facts : mapping
        ``labels``, ``wallets``, ``in_force`` and ``ended`` as of ``as_of``, ``categories`` (of
        those in force, by label), ``sources``, ``known`` (labels by year in which they became
        known, and ended), ``conflicts`` (wallets that are illicit and licit at one time, with who
        says so) and ``other`` (words whose category is not known).
    """

    facts: Mapping[str, Any]

    def text(self) -> str:
        """The same for a reader."""
        facts = self.facts
        lines = [
            f"{facts['labels']} labels of {facts['wallets']} wallets; as of {facts['as_of']} "
            f"{facts['in_force']} hold, {facts['ended']} have ended, {facts['later']} came later"
        ]
        lines += [
            f"  {category}: " + ", ".join(f"{n} {label}" for label, n in counts.items())
            for category, counts in facts["categories"].items()
        ]
        lines += [f"from {source}: {n}" for source, n in islice(facts["sources"].items(), _SHOWN)]
        if len(facts["sources"]) > _SHOWN:
            lines.append(f"and from {len(facts['sources']) - _SHOWN} other sources")
        lines += [
            f"{year}: {of['known']} became known, {of['ended']} ended"
            for year, of in facts["known"].items()
        ]
        lines.append(f"{len(facts['conflicts'])} wallets are illicit and licit at one time")
        lines += [
            f"  {one['wallet']}: illicit says {', '.join(one['illicit'])}, licit "
            f"{', '.join(one['licit'])}"
            for one in facts["conflicts"][:_SHOWN]
        ]
        if facts["other"]:
            words = [f"{word} ({n})" for word, n in islice(facts["other"].items(), _SHOWN)]
            lines.append(f"of category other: {', '.join(words)}")
        return "\n".join(lines)


def report(labels: pd.DataFrame, as_of: pd.Timestamp) -> Report:
    """Look through checked labels, as of an instant.

    Parameters
    ----------
    labels : DataFrame
        As :func:`features.check_labels` returns them.
    as_of : Timestamp with a time zone
    """
    holds = in_force(labels, as_of)
    later = ~known_before(labels, as_of)
    words = labels.loc[labels["category"] != UNSPECIFIED, "category"]
    return Report(
        {
            "labels": len(labels),
            "wallets": int(labels["wallet"].nunique()),
            "as_of": as_of.isoformat(),
            "in_force": int(holds.sum()),
            "ended": int((~holds & ~later).sum()),
            "later": int(later.sum()),
            "categories": _by_category(labels[holds]),
            "sources": {str(name): int(n) for name, n in labels["source"].value_counts().items()},
            "known": _by_year(labels),
            "conflicts": conflicts(labels),
            "other": {word: n for word, n in other_words(words).items() if word != "other"},
        }
    )


def conflicts(labels: pd.DataFrame) -> list[dict[str, Any]]:
    """Wallets that are illicit and licit at one time, in their order, and who says so.

    Parameters
    ----------
    labels : DataFrame
        As :func:`features.check_labels` returns them.
    """
    times = labels.assign(until=labels["until"].fillna(LATEST.as_unit("us")))
    columns = ["wallet", "known_at", "until", "source"]
    illicit, licit = (times.loc[times["label"] == label, columns] for label in ("illicit", "licit"))
    both = illicit.merge(licit, on="wallet", suffixes=("", "_licit"))
    both = both[(both["known_at"] < both["until_licit"]) & (both["known_at_licit"] < both["until"])]
    return [
        {
            "wallet": str(wallet),
            "illicit": sorted(set(of["source"])),
            "licit": sorted(set(of["source_licit"])),
        }
        for wallet, of in both.groupby("wallet")
    ]


def _by_category(labels: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Labels by category, in the order of ``CATEGORIES``, and by label."""
    places = {text: category_place(text) for text in labels["category"].unique()}
    counted = labels.groupby([labels["category"].map(places), "label"]).size()
    found: dict[str, dict[str, int]] = {}
    for (place, label), n in zip(counted.index.tolist(), counted.tolist(), strict=True):
        found.setdefault(CATEGORIES[place], {})[str(label)] = int(n)
    return found


def _by_year(labels: pd.DataFrame) -> dict[str, dict[str, int]]:
    known = labels["known_at"].dt.year.value_counts()
    ended = labels["until"].dt.year.value_counts()
    years = sorted({int(year) for year in [*known.index, *ended.index]})
    return {
        str(year): {"known": int(known.get(year, 0)), "ended": int(ended.get(year, 0))}
        for year in years
    }
