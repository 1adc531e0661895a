"""Any scikit-learn classifier with ``predict_proba`` as a kind of model.

:func:`sklearn_kind` makes the class; :func:`training.models.register` or an entry point of the
group ``walletrisk.estimators`` makes it known by its name. The fitted classifier is saved as data
(:mod:`training.models.safe_file`); its reasons follow two paths from a typical row
(:mod:`training.models.path_reasons`), which costs about two scores a column and row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from features.errors import RiskError
from features.json_file import read_json
from training.models.estimator import Configured, Estimator, Inputs
from training.models.finite import require_finite
from training.models.path_reasons import path_contributions
from training.models.ranges import check_classifier
from training.models.safe_file import from_bytes, to_bytes

Float64 = NDArray[np.float64]

WEIGHTS, SETTINGS = "classifier.skops", "classifier.json"
# a forest says 0 and 1, whose log-odds are infinite: p becomes FLOOR + (1 - 2 FLOOR) p
FLOOR = 0.001
_OURS = ("random_state", "n_jobs", "verbose", "warm_start")  # what a training decides itself


class SklearnEstimator(Configured):
    """A classifier behind :class:`training.models.estimator.Estimator`; see :func:`sklearn_kind`.

    Missing values reach the classifier as nan; a column that no training row has is 0 in all rows,
    in training and later, since nothing was learnt of it. Wallets weigh the same where its ``fit``
    takes ``sample_weight``, and rows do where it does not.
    """

    kind: ClassVar[str]
    reads: ClassVar[Literal["table", "ledger"]] = "table"
    defaults: ClassVar[Mapping[str, Any]]
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn", "skops")
    classifier: ClassVar[Any]
    trusted: ClassVar[tuple[str, ...]]

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        super().__init__(feature_names, seed=seed, parameters=parameters)
        check_classifier(self.kind, clone(self.classifier).set_params(**self.parameters))
        self.fitted_: Any = None
        self.typical_: Float64

    @property
    def reasons(self) -> tuple[str, ...]:
        """The columns themselves."""
        return self.feature_names

    def fit(self, inputs: Inputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Fit a copy of the classifier; ``seed`` is every ``random_state`` in it."""
        classifier = clone(self.classifier).set_params(**self.parameters)
        seeds = [name for name in classifier.get_params() if name.endswith("random_state")]
        classifier.set_params(**dict.fromkeys(seeds, self.seed))
        missing = np.isnan(inputs.features)
        median = np.nanmedian(np.where(missing.all(axis=0), 0.0, inputs.features), axis=0)
        self.typical_ = np.where(missing.all(axis=0), np.nan, median)
        try:
            classifier.fit(
                self._learnable(inputs.features), y_true, **_weighted(classifier, weights)
            )
        except ValueError as error:
            if "NaN" not in str(error):
                raise
            raise RiskError(
                f"model kind {self.kind!r} takes no missing values: put an imputer before it, "
                "make_pipeline(SimpleImputer(), ...)"
            ) from error
        self.fitted_ = classifier
        return self

    def log_odds(self, inputs: Inputs) -> Float64:
        """Return raw log-odds (n,)."""
        return self._score(inputs.features)

    def contributions(self, inputs: Inputs) -> Float64:
        """Return (n, k + 1) along two paths from the training medians, whose score is the base."""
        self._classifier()
        return path_contributions(self._score, inputs.features, self.typical_)

    def save(self, directory: Path) -> None:
        """Write ``classifier.skops`` and ``classifier.json``, the typical row."""
        (directory / WEIGHTS).write_bytes(to_bytes(self._classifier()))
        typical = [None if np.isnan(value) else value for value in self.typical_.tolist()]
        text = json.dumps({"typical": typical}, indent=1, allow_nan=False) + "\n"
        (directory / SETTINGS).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        RiskError
            If the files hold another classifier, types that are not allowed, or other columns.
        """
        model = cls(feature_names, seed=0, parameters={})
        try:
            content = read_json(directory / SETTINGS)
            model.typical_ = np.array(content["typical"], np.float64)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, RiskError):
                raise
            raise RiskError(f"{SETTINGS} does not hold a typical row: {error!r}") from error
        count = len(feature_names)
        try:
            fitted = from_bytes(
                (directory / WEIGHTS).read_bytes(), trusted=cls.trusted, n_features=count
            )
        except RiskError as error:
            raise RiskError(f"{WEIGHTS} {error}") from error
        read = getattr(fitted, "n_features_in_", None)
        if type(fitted) is not type(cls.classifier) or read != count:
            raise RiskError(
                f"{WEIGHTS} holds a {type(fitted).__name__} of {read} columns, wanted a "
                f"{type(cls.classifier).__name__} of {count}"
            )
        if model.typical_.shape != (count,):
            raise RiskError(f"{SETTINGS}: typical has shape {model.typical_.shape}")
        model.fitted_ = fitted
        model._require_numbers()
        return model

    def _require_numbers(self) -> None:
        """Score what nothing is known of, and the typical row: a weight of nan shows in both."""
        rows = np.stack([self.typical_, np.zeros_like(self.typical_)])
        try:
            said = self._score(rows)
        except ValueError as error:
            raise RiskError(f"{WEIGHTS} cannot score a typical row: {error}") from error
        require_finite(WEIGHTS, {"scores of a typical row": said})

    def _score(self, values: Float64) -> Float64:
        classifier = self._classifier()
        if not len(values):
            return np.empty(0)
        at = classifier.classes_.tolist().index(1)
        said = FLOOR + (1 - 2 * FLOOR) * classifier.predict_proba(self._learnable(values))[:, at]
        log_odds: Float64 = np.log(said) - np.log1p(-said)
        return log_odds

    def _learnable(self, values: Float64) -> Float64:
        return np.where(np.isnan(self.typical_), 0.0, values)

    def _classifier(self) -> Any:
        if self.fitted_ is None:
            raise RiskError(f"this {self.kind} model has not been fitted")
        return self.fitted_


def sklearn_kind(
    name: str, classifier: Any, *, trusted: tuple[str, ...] = ()
) -> type[SklearnEstimator]:
    """Make a kind of model of a scikit-learn classifier.

    Parameters
    ----------
    name
        Of the kind, in configurations and model folders.
    classifier
        Unfitted, with ``fit`` and ``predict_proba``; its plain parameters (numbers and texts)
        become the kind's.
    trusted
        Full names of the types in the fitted classifier that skops does not trust by itself, such
        as classes of your own. They are imported, by name, when a folder is loaded.

    Returns
    -------
    type
        For :func:`training.models.register`, or an entry point.

    Raises
    ------
    RiskError
        If the classifier lacks a method.

    Examples
    --------
    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> kind = sklearn_kind("extra_trees", ExtraTreesClassifier(n_estimators=50))
    >>> kind.kind, kind.defaults["n_estimators"]
    ('extra_trees', 50)
    """
    lacks = [
        part for part in ("fit", "predict_proba", "get_params") if not hasattr(classifier, part)
    ]
    if lacks:
        raise RiskError(f"model kind {name!r}: {type(classifier).__name__} has no {lacks[0]}")
    defaults = {
        key: value
        for key, value in classifier.get_params().items()
        if type(value) in (bool, int, float, str) and key.rpartition("__")[2] not in _OURS
    }
    return type(
        name,
        (SklearnEstimator,),
        {
            "kind": name,
            "classifier": classifier,
            "defaults": defaults,
            "trusted": trusted,
            "__doc__": f"{type(classifier).__name__} of scikit-learn, by :func:`sklearn_kind`.",
        },
    )


def _weighted(classifier: Any, weights: Float64) -> dict[str, Float64]:
    """Keyword under which a fit takes what each row counts; none where it takes none."""
    step, last = "", classifier
    while isinstance(last, Pipeline):
        name, last = last.steps[-1]
        step += f"{name}__"
    return {f"{step}sample_weight": weights} if has_fit_parameter(last, "sample_weight") else {}


_: type[Estimator] = SklearnEstimator
