"""What a column is: its name, its meaning, and what it depends on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from features.kernel import DAY, HOUR, Int32s, Int64s, Rows
from features.ledger.slices import Sides
from features.past.known_labels import LabelEvents

Compute = Callable[[Sides, LabelEvents, Int32s, Int64s], Rows]

WINDOWS = {
    "1h": HOUR,
    "1d": DAY,
    "7d": 7 * DAY,
    "30d": 30 * DAY,
}  # microseconds, [as_of - w, as_of)


@dataclass(frozen=True, slots=True)
class Column:
    """One feature; its unit is the last word of its name.

    Units: ``_amount`` (whole units of the asset), ``_s`` (seconds), ``_count``, ``_hops``,
    ``_share`` (part of a whole, in [0, 1]), ``_ratio`` (any other number without a unit).

    Attributes
    ----------
    name : str
    meaning : str
        The definition, in one line.
    scale_free : bool
        Unchanged when every amount is multiplied by one positive number.
    calendar : bool
        Depends on the hour of the day, so that it changes when all times move together.
    source : str
        Where the definition comes from: paper and section; empty for a plain statistic or our own.
    """

    name: str
    meaning: str
    scale_free: bool = True
    calendar: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """One series of transfers behind columns: a chain, a cycle, the path from a labelled wallet.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns that it proves.
    transfers : int64 array, shape (k,)
        Rows of the ledger's log, in the order in which the money moved; those of bursts and
        groups in order of time.
    amounts : float64 array, shape (k,), whole units of the asset
        What of each transfer's amount belongs to the trail.
    category : str
        Category of the labelled wallet at the far end; empty where labels play no part.
    """

    columns: tuple[str, ...]
    transfers: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.float64]
    category: str = ""


FindTrails = Callable[[Sides, LabelEvents, int, int], list[Trail]]


@dataclass(frozen=True, slots=True)
class View:
    """Columns that are computed together.

    ``compute(sides, label_events, codes, as_of)`` takes wallet codes (-1: unknown) and microseconds
    since 1970 UTC, both of shape (n,), and returns float64 of shape (n, columns). It reads only
    transfers with ``time < as_of`` and labels with ``known_at < as_of``. ``version`` rises when a
    definition changes under an unchanged name. ``trails(sides, label_events, code, as_of)`` returns
    the transfers that prove a row, where the view counts more than the wallet's own transfers.
    """

    name: str
    version: int
    columns: tuple[Column, ...]
    compute: Compute
    trails: FindTrails | None = None


def per_side(
    view: str,
    *templates: tuple[str, str],
    scaled: tuple[str, ...] = (),
    calendar: tuple[str, ...] = (),
    source: str = "",
    sources: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Column, ...]:
    """Columns of the incoming side, then those of the outgoing side.

    In a template's name and meaning, ``{d}`` becomes in / out, ``{did}`` received / sent,
    ``{theirs}`` sent / received, ``{who}`` sender / recipient, ``{whose}`` senders / recipients.
    Amounts are not scale-free; nor are the templates whose name starts with one of ``scaled``.
    ``sources`` holds the source of the templates whose name starts with its key, ``source`` that of
    the others.
    """
    words = (
        {"d": "in", "did": "received", "theirs": "sent", "who": "sender", "whose": "senders"},
        {
            "d": "out",
            "did": "sent",
            "theirs": "received",
            "who": "recipient",
            "whose": "recipients",
        },
    )
    return tuple(
        Column(
            f"{view}_{name.format(**word)}",
            meaning.format(**word),
            scale_free=not (name.endswith("_amount") or name.startswith(scaled)),
            calendar=name.startswith(calendar),
            source=next(
                (text for start, text in sources.items() if name.startswith(start)), source
            ),
        )
        for word in words
        for name, meaning in templates
    )


def distinct(trails: Iterable[Trail]) -> list[Trail]:
    """Trails of the same transfers, amounts and category as one, at the place of the first.

    Examples
    --------
    >>> row, part = np.array([5]), np.array([1.0])
    >>> [trail.columns for trail in distinct(
    ...     [Trail(("a", "b"), row, part), Trail(("c",), row, part / 2), Trail(("d",), row, part)])]
    [('a', 'b', 'd'), ('c',)]
    """
    found: dict[tuple[bytes, bytes, str], Trail] = {}
    for trail in trails:
        key = trail.transfers.tobytes(), trail.amounts.tobytes(), trail.category
        columns = found[key].columns if key in found else ()
        found[key] = replace(trail, columns=tuple(dict.fromkeys(columns + trail.columns)))
    return list(found.values())
