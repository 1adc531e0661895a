"""What a view is: columns, and how they are computed of a past.

A column is named once. Its place in a row comes from that name: :func:`places` gives a record that
kernels read, so that a column added in the middle moves all others with it.
"""

import hashlib
import json
from collections import Counter, namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import RiskError
from features.kernel import Rows, kernel
from features.ledger import Ledger
from features.past.assets import AssetPast
from features.past.cut import DUST, DustPast, Past, TracedPast, UnpricedPast
from features.past.windows import WINDOWS

UNITS = ("amount", "s", "count", "hops", "share", "ratio")
Template = tuple[str, str]  # name and meaning


@dataclass(frozen=True, slots=True)
class Column:
    """One feature; its unit is the last word of its name.

    Units: ``_amount`` (of the ledger's unit of account), ``_s`` (seconds), ``_count``, ``_hops``,
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
    unasked : bool
        Others can move it at no cost, as by dust: a model learns from it only if it is named.
    source : str
        Where the definition comes from: paper and section; empty for a plain statistic or our own.
    """

    name: str
    meaning: str
    scale_free: bool = True
    calendar: bool = False
    unasked: bool = False
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
    amounts : float64 array, shape (k,), in the ledger's unit of account
        What of each transfer's value belongs to the trail.
    category : str
        Category of the labelled wallet at the far end; empty where labels play no part.
    """

    columns: tuple[str, ...]
    transfers: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.float64]
    category: str = ""


def _only_the_past(_: Ledger, past: Past) -> Past:
    return past


@dataclass(frozen=True, slots=True)
class View:
    """Columns that are computed together.

    Parameters
    ----------
    name : str
        First word of the columns.
    version : int
        Rises when a definition changes under an unchanged name.
    columns : tuple of Column
    compute : callable
        ``compute(past, out)`` fills ``out``, float64 of shape (past.size, columns), which holds
        nan at first. A row depends on its own past (see :func:`features.past.ask`) and on
        nothing else.
    trails : callable, optional
        ``trails(past)`` lists the transfers that prove a row, where the view counts more than the
        wallet's own transfers.
    given : callable, optional
        ``given(ledger, past)`` is what ``compute`` and ``trails`` are given instead of a past, such
        as :func:`features.past.past_with_dust` and :func:`features.past.traced_past`.
    defined_by : tuple of str
        Texts beside the columns that its numbers depend on, such as the words of the categories;
        a part of its :func:`fingerprint`.

    Raises
    ------
    RiskError
        At once, where a column's name, unit or meaning breaks the rules of :class:`Column`; at the
        first row, where ``compute`` writes outside its columns.
    """

    name: str
    version: int
    columns: tuple[Column, ...]
    compute: Callable[[Any, Rows], None]
    trails: Callable[[Any], list[Trail]] | None = None
    defined_by: tuple[str, ...] = ()
    given: Callable[[Ledger, Past], Any] = _only_the_past
    # whether compute was seen to stay inside its columns
    _kept_inside: list[bool] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        wrong = _mistakes(self)
        if wrong:
            raise RiskError(f"view {self.name!r}: {'; '.join(wrong)}")

    def __repr__(self) -> str:
        return f"View({self.name!r}, version {self.version}, {len(self.columns)} columns)"

    def rows(self, past: Past | AssetPast | DustPast | TracedPast | UnpricedPast) -> Rows:
        """Compute the columns of each past, as ``given``: float64, shape (past.size, columns)."""
        width = len(self.columns)
        out = np.empty((past.size + 1, width))
        out.fill(np.nan)  # a single row waits for np.full
        rows = out[:-1]
        self.compute(past, rows)
        if not self._kept_inside:
            if not np.isnan(out[-1]).all():
                raise RiskError(
                    f"view {self.name!r} wrote past its last column: it names {width}, "
                    "and a place that its kernel fills lies outside them"
                )
            self._kept_inside.append(True)
        return rows


def fingerprint(view: View) -> str:
    """Sixteen hex digits of what a view computes: a model refuses a view with others.

    They cover its name and version, the names and meanings of its columns, in which units and caps
    stand, what it is ``defined_by``, and which receipts a past holds at all; not the code, so that
    the version must rise with it.
    """
    columns = [(column.name, column.meaning) for column in view.columns]
    text = json.dumps([view.name, view.version, columns, view.defined_by, DUST])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _mistakes(view: View) -> list[str]:
    """What is wrong with the columns of a view."""
    names = [column.name for column in view.columns]
    twice = [name for name, n in Counter(names).items() if n > 1]
    wrong = [f"column {name!r} is named twice" for name in twice]
    if not names:
        wrong.append("has no columns")
    if not callable(view.compute):
        wrong.append(f"compute must be callable, received {type(view.compute).__name__}")
    for column in view.columns:
        if not column.name.startswith(f"{view.name}_"):
            wrong.append(f"column {column.name!r} must begin with {view.name + '_'!r}")
        unit = column.name.rpartition("_")[2]
        if unit not in UNITS:
            wrong.append(f"column {column.name!r} must end with its unit: _{', _'.join(UNITS)}")
        if column.scale_free and unit == "amount":
            wrong.append(f"column {column.name!r} is an amount, which is not scale-free")
        if not column.meaning.strip() or "\n" in column.meaning:
            wrong.append(f"column {column.name!r} needs a meaning of one line")
    return wrong


def places(*named: Template | Column) -> Any:
    """Record of the places of templates, or of columns, by name.

    A template's field is its name without the words in braces: ``total_{d}_amount`` is
    ``total_amount``. Kernels read the record as constants.

    Examples
    --------
    >>> at = places(("total_{d}_amount", "sum {did}"), ("cv_{d}_ratio", "sd over mean {did}"))
    >>> at.total_amount, at.cv_ratio, len(at)
    (0, 1, 2)
    """
    names = [one.name if isinstance(one, Column) else one[0] for one in named]
    fields = [
        "_".join(word for word in name.split("_") if not word.startswith("{")) for name in names
    ]
    return namedtuple("Places", fields)(*range(len(fields)))


def window_places(at: Any, name: str) -> tuple[int, ...]:
    """Places of the columns of all windows, such as ``total_{}_share``, in a record."""
    return tuple(getattr(at, name.format(window)) for window in WINDOWS)


@kernel
def blocks(line: Rows, width: int) -> tuple[Rows, Rows, Rows]:
    """Part a row into the columns received, those sent, and those of both; the first two alike."""
    return line[:width], line[width : 2 * width], line[2 * width :]


SIDES = (
    {"d": "in", "did": "received", "theirs": "sent", "who": "sender", "whose": "senders"},
    {"d": "out", "did": "sent", "theirs": "received", "who": "recipient", "whose": "recipients"},
)


def filled(words: Iterable[Mapping[str, str]], *templates: Template) -> tuple[Template, ...]:
    """Templates with all of their words in braces: those of the first words, then of the next.

    Examples
    --------
    >>> filled(SIDES, ("{d}_count", "transfers {did}"))
    (('in_count', 'transfers received'), ('out_count', 'transfers sent'))
    """
    return tuple(
        (name.format(**word), meaning.format(**word))
        for word in words
        for name, meaning in templates
    )


def per_side(
    view: str,
    *templates: Template,
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
    return tuple(
        _column(view, template, scaled, calendar, source, sources)
        for template in filled(SIDES, *templates)
    )


def of_both(
    view: str,
    *templates: Template,
    source: str = "",
    sources: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Column, ...]:
    """Columns that are not of one side; ``source`` and ``sources`` as for :func:`per_side`."""
    return tuple(_column(view, template, (), (), source, sources) for template in templates)


def _column(
    view: str,
    template: Template,
    scaled: Sequence[str],
    calendar: Sequence[str],
    source: str,
    sources: Mapping[str, str],
) -> Column:
    name, meaning = template
    return Column(
        f"{view}_{name}",
        meaning,
        scale_free=not (name.endswith("_amount") or name.startswith(tuple(scaled))),
        calendar=name.startswith(tuple(calendar)),
        source=next((text for start, text in sources.items() if name.startswith(start)), source),
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
