"""The user's own columns that come with a request: what is not given is nan, never zero."""

from collections.abc import Mapping

import numpy as np

from features.errors import RiskError
from features.kernel import Float64s

Context = Mapping[str, float | None]


def context_row(names: tuple[str, ...], given: Context) -> Float64s:
    """Bring the numbers of a request into the order in which the model reads them.

    Parameters
    ----------
    names : tuple of str
        Context columns of the model.
    given : mapping of str to float or None

    Returns
    -------
    float64 array, shape (len(names),)

    Raises
    ------
    RiskError
        A name that the model does not read.

    Examples
    --------
    >>> context_row(("kyc_age_days", "country_risk"), {"kyc_age_days": 12.5})
    array([12.5,  nan])
    """
    unknown = [name for name in given if name not in names]
    if unknown:
        allowed = f"it reads {', '.join(names)}" if names else "it reads none"
        raise RiskError(f"context: the model does not read {unknown[0][:100]!r}; {allowed}")
    numbers = [given.get(name) for name in names]
    return np.array([np.nan if number is None else number for number in numbers], np.float64)
