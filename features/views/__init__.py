"""The views: what is computed of a past. ``VIEWS`` is the order of the table's columns."""

import hashlib

from features.view import Column, View, fingerprint
from features.views.amounts import AMOUNTS
from features.views.around.around import AROUND
from features.views.assets import ASSETS
from features.views.counterparties import COUNTERPARTIES
from features.views.coverage import COVERAGE
from features.views.depth.depth import DEPTH
from features.views.dust import DUST
from features.views.exposure import EXPOSURE
from features.views.layering.layering import LAYERING
from features.views.one_hop import ONE_HOP
from features.views.patterns.patterns import PATTERNS
from features.views.relative import RELATIVE
from features.views.timing import TIMING
from features.views.utxo.utxo import UTXO
from features.views.windows.windows import WINDOWED

VIEWS: tuple[View, ...] = (
    COVERAGE, DUST, AMOUNTS, TIMING, COUNTERPARTIES, WINDOWED, ONE_HOP, RELATIVE, LAYERING,
    DEPTH, PATTERNS, EXPOSURE, AROUND, ASSETS, UTXO,
)  # fmt: skip

# columns that are nan where no labels were given
LABEL_VIEWS: tuple[View, ...] = (EXPOSURE, AROUND)  # without labels they say nothing
LABEL_COLUMNS = frozenset(column.name for view in LABEL_VIEWS for column in view.columns)


# and those that are nan on chains without coins
COIN_COLUMNS = frozenset(column.name for column in UTXO.columns)


def feature_columns(views: tuple[View, ...] = VIEWS) -> list[Column]:
    """Columns of a feature table, in order."""
    return [column for view in views for column in view.columns]


def definitions(views: tuple[View, ...] = VIEWS) -> str:
    """Sixteen hex digits of what some views compute together, from their fingerprints."""
    text = "\n".join(f"{view.name} {fingerprint(view)}" for view in views)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
