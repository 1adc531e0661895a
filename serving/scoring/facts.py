"""What answers say of the history behind a score, and of the columns and the model."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from features.ledger.age import ledger_age_s, stale
from features.past.cut import DUST
from features.view import View
from features.views import definitions
from serving.clock import text_of
from serving.schemas.values import finite
from training.risk_model import RiskModel


class Freshness(NamedTuple):
    """How far a ledger reached when it was asked.

    Attributes
    ----------
    last_time : int or None, microseconds since 1970 UTC
    age_s : float
        Nan where the ledger is empty.
    after_s : float
        At what age it is stale.
    stale : bool
    """

    last_time: int | None
    age_s: float
    after_s: float
    stale: bool

    @classmethod
    def at(cls, last_time: int | None, as_of: int, after_s: float) -> "Freshness":
        """Of a ledger with this latest transfer."""
        age = ledger_age_s(last_time, np.array([as_of]))
        return cls(last_time, float(age[0]), after_s, bool(stale(age, after_s)[0]))


def coverage_facts(value: Callable[[str], float], fresh: Freshness) -> dict[str, Any]:
    """How much history there is; ``value`` finds a column.

    As :class:`serving.schemas.answers.Coverage`.
    """
    last_time = fresh.last_time
    return {
        "transfers_in": int(value("coverage_in_count")),
        "transfers_out": int(value("coverage_out_count")),
        "age_s": finite(value("coverage_age_s")),
        "truncated_share": value("coverage_truncated_share"),
        "ledger_last_timestamp": text_of(last_time),
        "ledger_age_s": finite(fresh.age_s),
        "stale_after_s": fresh.after_s,
    }


def model_facts(model: RiskModel) -> dict[str, Any]:
    """Which model speaks, as :class:`serving.schemas.answers.ModelFacts`."""
    return {
        "version": model.version,
        "kind": model.kind,
        "trained_until": model.manifest.trained_until.isoformat(),
        "feature_definitions": model.manifest.feature_definitions,
    }


def all_model_facts(model: RiskModel, bands: dict[str, Any]) -> dict[str, Any]:
    """All that is told of a model, as :class:`serving.schemas.answers.ModelAnswer`."""
    return {
        **model_facts(model),
        "base_rate": model.base_rate,
        "min_transfers": model.manifest.min_transfers,
        "chain": model.manifest.chain,
        "unit": model.manifest.unit,
        "assets": model.manifest.assets,
        "feature_names": model.feature_names,
        "bands": bands,
    }


def feature_facts(views: tuple[View, ...], model: RiskModel) -> dict[str, Any]:
    """All columns, and which of them a model reads.

    As :class:`serving.schemas.answers.FeaturesAnswer`.
    """
    read = frozenset(model.feature_names)
    columns = [
        {
            **asdict(column),
            "view": view.name,
            "unit": column.name.rpartition("_")[2],
            "used": column.name in read,
        }
        for view in views
        for column in view.columns
    ]
    return {
        "version": definitions(views),
        "dust": DUST,
        "columns": columns,
        "context": list(model.context_names),
    }
