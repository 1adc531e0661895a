"""All views, in the order of the table's columns."""

import hashlib

from features.amounts import AMOUNTS
from features.columns import Column, View
from features.counterparties import COUNTERPARTIES
from features.coverage import COVERAGE
from features.exposure import EXPOSURE
from features.layering import LAYERING
from features.one_hop import ONE_HOP
from features.patterns import PATTERNS
from features.relative import RELATIVE
from features.timing import TIMING
from features.windows import WINDOWED

VIEWS: tuple[View, ...] = (
    COVERAGE, AMOUNTS, TIMING, COUNTERPARTIES, WINDOWED, ONE_HOP, RELATIVE, LAYERING, PATTERNS,
    EXPOSURE,
)  # fmt: skip


def feature_columns(views: tuple[View, ...] = VIEWS) -> list[Column]:
    """Columns of a feature table, in order."""
    return [column for view in views for column in view.columns]


def definitions(views: tuple[View, ...] = VIEWS) -> str:
    """Fingerprint of what the columns are: a model refuses features of another one."""
    text = "\n".join(
        f"{view.name} {view.version} {column.name}" for view in views for column in view.columns
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


DEFINITIONS = definitions()
