"""Random forest of scikit-learn, by the adapter that any classifier can use.

References
----------
Breiman, "Random forests" (2001). Probabilities are means over the trees' leaves; leaves of five
rows at least keep them from being 0 and 1 only.
"""

from __future__ import annotations

from sklearn.ensemble import RandomForestClassifier

from training.models.sklearn_adapter import sklearn_kind

RandomForestEstimator = sklearn_kind(
    "random_forest", RandomForestClassifier(n_estimators=100, min_samples_leaf=5)
)
