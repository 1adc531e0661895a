"""The labels that features read: a file, and a word on what its categories did not say."""

import sys
from itertools import islice
from pathlib import Path
from textwrap import shorten

from features.contracts.categories import other_words
from features.contracts.labels import UNSPECIFIED, Labels
from features.sources.files import read_labels

_WORDS, _WIDTH = 5, 40  # that fit on a line


def read_known(labels: Path | None) -> Labels | None:
    """Read the labels that features use; say on stderr which of them are of category other."""
    if labels is None:
        return None
    known = read_labels(labels)
    words = other_words(known.loc[known["category"] != UNSPECIFIED, "category"].tolist())
    if words:
        shown = [f"{shorten(word, _WIDTH)} ({n})" for word, n in islice(words.items(), _WORDS)]
        shown += ["..."] if len(words) > _WORDS else []
        count = sum(words.values())
        sys.stderr.write(f"labels: {count} of category other: {', '.join(shown)}\n")
    return known
