"""What is drawn around a row: names of its columns, and what they are defined by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from features.errors import RiskError
from features.subgraphs import (
    EDGE_COLUMNS,
    SEQUENCE_COLUMNS,
    SIZED_COLUMNS,
    SUBGRAPH_VERSION,
    Described,
)
from features.views import definitions, feature_columns
from training.networks.reading.scales import Columns


def columns_of(views: Described, *, scale_free: bool) -> Columns:
    """Return the names of all columns, and which an encoder may read.

    Never read are those that anyone can move unasked; with ``scale_free`` none that depends on the
    unit of the asset or on the calendar.
    """
    described = feature_columns(views.near)
    node = {
        column.name
        for column in described
        if not column.unasked and not (scale_free and (column.calendar or not column.scale_free))
    }
    drawn = {*EDGE_COLUMNS, *SEQUENCE_COLUMNS}
    read = node | (drawn - set(SIZED_COLUMNS) if scale_free else drawn)
    names = tuple(column.name for column in described)
    return Columns(names, tuple(EDGE_COLUMNS), tuple(SEQUENCE_COLUMNS), frozenset(read))


def is_scale_free(names: Iterable[str]) -> bool:
    """Whether none of these columns of views depends on the unit of the asset."""
    sized = {column.name for column in feature_columns() if not column.scale_free}
    return sized.isdisjoint(names)


def reads_of(views: Described, bucket_s: int, *, scale_free: bool) -> dict[str, Any]:
    """Return, for JSON, what weights depend on: two encoders may be exchanged where it is equal."""
    columns = columns_of(views, scale_free=scale_free)
    return {
        "subgraph_version": SUBGRAPH_VERSION,
        "views": [view.name for view in views.near],
        "far_views": views.far,
        "definitions": definitions(views.near),
        "bucket_s": bucket_s,
        "columns": sorted(columns.read),
    }


def require_reads(found: Mapping[str, Any], wanted: Mapping[str, Any], file: str) -> None:
    """Raise RiskError, with the difference, where weights are of other reads than wanted."""
    different = [
        f"{name} {found.get(name)!r} instead of {value!r}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
    if different:
        raise RiskError(
            f"{file}: the network reads neighbourhoods otherwise than this release: "
            f"{', '.join(different)}; train it again"
        )
