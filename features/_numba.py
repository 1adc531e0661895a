"""One way to compile a kernel.

Plain ``nogil`` kernels, not ``parallel=True``: they compile three times faster, and threads split
the spine instead. ``error_model="numpy"`` gives nan and inf where Python would raise.

Numba keeps machine code beside the file of the compiled function and looks at that file only, so a
change of a kernel that others call would leave their old code in use. The folder of the cache
therefore carries a digest of all sources of this package, and nothing of the place or the time of
its files: a cache that was copied, as into a server's image, is used as long as the sources and the
CPU are the same.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config as numba_config
from numba.core.caching import UserProvidedCacheLocator

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


class Locator(UserProvidedCacheLocator):
    """Keep machine code in ``CACHE``; numba's own locators add a digest of the sources' place."""

    def get_cache_path(self) -> str:
        """Folder of the machine code."""
        return str(CACHE)


def kernel(function: _Function) -> _Function:
    """Compile ``function`` on its first call and keep the machine code in ``CACHE``.

    ``NUMBA_CACHE_DIR`` moves that folder; where it cannot be written, the user's cache serves.
    """
    elsewhere = config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES
    # read once, when the function is wrapped
    config.CACHE_DIR = str(CACHE)
    config.CACHE_LOCATOR_CLASSES = f"{__name__}.Locator,UserWideCacheLocator"
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
        return cast("_Function", compiled(function))
    finally:
        config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = elsewhere
