"""Labels and spines that commands read: a file, how it is written, and what is said of it."""

import sys
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import Any, Literal, NamedTuple

from features.contracts.categories import OTHER, other_words
from features.contracts.labels import UNSPECIFIED, Labels
from features.contracts.spine import Spine
from features.errors import SourceError
from features.sources.files import LABEL_COLUMNS, SPINE_COLUMNS, parse_column_map, read_labels
from features.sources.files import read_spine as read_spine_file
from features.sources.writing import TimeUnit, Writing

_WORDS, _WIDTH = 5, 40  # that fit on a line
_KINDS = {"labels": LABEL_COLUMNS, "spine": SPINE_COLUMNS}


class TableOptions(NamedTuple):
    """How labels and spines are written, as the options of the command line say.

    Attributes
    ----------
    columns : str, optional
        Items ``contract name=name in the file``, parted by commas; ``labels.wallet=address`` or
        ``spine.wallet=address`` is for one of the files, without it an item is for both.
    time_unit : {"s", "ms", "us"}, optional
    timezone : str, optional
    """

    columns: str | None = None
    time_unit: TimeUnit | None = None
    timezone: str | None = None

    def of(self, kind: Literal["labels", "spine"]) -> dict[str, Any]:
        """Keywords for the reader of one kind of file.

        Raises
        ------
        SourceError
            The map or another option is malformed.

        Examples
        --------
        >>> TableOptions("wallet=address,spine.as_of=day").of("labels")["columns"]
        {'wallet': 'address'}
        """
        columns = {}
        if self.columns is not None:
            allowed = [*dict.fromkeys([*LABEL_COLUMNS, *SPINE_COLUMNS])]
            allowed += [f"{one}.{name}" for one, names in _KINDS.items() for name in names]
            for name, column in parse_column_map(self.columns, allowed).items():
                of, _, plain = name.rpartition(".")
                if of == kind or (not of and plain in _KINDS[kind]):
                    if plain in columns:
                        raise SourceError(f"column map: {kind}.{plain} is mapped twice")
                    columns[plain] = column
        return {"columns": columns, "writing": Writing(self.time_unit, self.timezone)}


PLAIN = TableOptions()


def read_spine(path: Path, options: TableOptions = PLAIN, *, chain: str | None = None) -> Spine:
    """Read a spine as the options say."""
    return read_spine_file(path, **options.of("spine"), chain=chain)


def read_known(
    labels: Path | None, options: TableOptions = PLAIN, *, chain: str | None = None
) -> Labels | None:
    """Read the labels that features use; say on stderr which of them are of category other."""
    if labels is None:
        return None
    known = read_labels(labels, **options.of("labels"), chain=chain)
    unknown = ~known["category"].isin((UNSPECIFIED, OTHER))
    words = other_words(known.loc[unknown, "category"].tolist())
    if words:
        shown = [f"{shorten(word, _WIDTH)} ({n})" for word, n in islice(words.items(), _WORDS)]
        shown += ["..."] if len(words) > _WORDS else []
        count = sum(words.values())
        sys.stderr.write(f"labels: {count} of category other: {', '.join(shown)}\n")
    return known
