"""Extremely randomised trees of scikit-learn, by the adapter that any classifier can use.

References
----------
Geurts, Ernst and Wehenkel, "Extremely randomized trees" (2006).
"""

from __future__ import annotations

from sklearn.ensemble import ExtraTreesClassifier

from training.models.sklearn_adapter import sklearn_kind

ExtraTreesEstimator = sklearn_kind(
    "extra_trees", ExtraTreesClassifier(n_estimators=200, min_samples_leaf=3)
)
