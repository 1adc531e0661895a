"""What answers say of the history behind a score, and of the columns and the model."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from features.past.cut import DUST
from features.view import View
from features.views import definitions
from serving.schemas.values import finite, instant_text
from training.risk_model import RiskModel


def coverage_facts(value: Callable[[str], float], last_time: int | None) -> dict[str, Any]:
    """How much history there is; ``value`` finds a column.

    As :class:`serving.schemas.answers.Coverage`.
    """
    return {
        "transfers_in": int(value("coverage_in_count")),
        "transfers_out": int(value("coverage_out_count")),
        "age_s": finite(value("coverage_age_s")),
        "truncated_share": value("coverage_truncated_share"),
        "ledger_last_timestamp": None if last_time is None else instant_text(last_time),
    }


def model_facts(model: RiskModel) -> dict[str, Any]:
    """Which model speaks, as :class:`serving.schemas.answers.ModelFacts`."""
    return {
        "version": model.version,
        "kind": model.kind,
        "trained_until": model.manifest.trained_until.isoformat(),
        "feature_definitions": model.manifest.feature_definitions,
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
