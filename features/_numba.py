"""One way to compile a kernel.

Plain ``nogil`` kernels, not ``parallel=True``: they compile three times faster, and threads split
the spine instead. ``error_model="numpy"`` gives nan and inf where Python would raise.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(function: _Function) -> _Function:
    """Compile ``function`` on its first call and keep the machine code beside its source."""
    return cast(
        "_Function",
        numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)(function),
    )
