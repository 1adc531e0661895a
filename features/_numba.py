"""One way to compile a kernel.

Plain ``nogil`` kernels, not ``parallel=True``: they compile three times faster, and threads split
the spine instead. ``error_model="numpy"`` gives nan and inf where Python would raise.

Numba keeps machine code beside the file of the compiled function and looks at that file only, so a
change of a kernel that others call would leave their old code in use. The folder of the cache
therefore carries a digest of all sources of this package.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config as numba_config

_Function = TypeVar("_Function", bound=Callable[..., Any])
_PACKAGE = Path(__file__).parent
config: Any = numba_config  # its settings are made at import, unseen by type checkers


def digest(package: Path) -> str:
    """Digest of everything that a kernel of a package may be compiled from."""
    sources = hashlib.sha256()
    for path in sorted(package.glob("*.py")):
        sources.update(path.read_bytes())
    return sources.hexdigest()[:16]


CACHE = Path(config.CACHE_DIR or _PACKAGE / "__pycache__") / f"kernels-{digest(_PACKAGE)}"


def kernel(function: _Function) -> _Function:
    """Compile ``function`` on its first call and keep the machine code in ``CACHE``.

    ``NUMBA_CACHE_DIR`` moves that folder; where it cannot be written, numba looks for another.
    """
    elsewhere = config.CACHE_DIR
    config.CACHE_DIR = str(CACHE)  # read once, when the function is wrapped
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
        return cast("_Function", compiled(function))
    finally:
        config.CACHE_DIR = elsewhere
