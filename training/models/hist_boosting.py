"""Histogram gradient boosting of scikit-learn, by the adapter that any classifier can use."""

from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingClassifier

from training.models.sklearn_adapter import sklearn_kind

# stopping early would hold back rows at random, of wallets that are learnt from
HistBoostingEstimator = sklearn_kind(
    "hist_boosting",
    HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.06,
        max_leaf_nodes=8,
        l2_regularization=5.0,
        max_features=0.2,
        early_stopping=False,
    ),
)
