"""One way to compile a kernel.

Plain ``nogil`` kernels, not ``parallel=True``: they compile three times faster, and threads split
the spine instead. ``error_model="numpy"`` gives nan and inf where Python would raise.

Numba keeps machine code under the base name of the compiled function's file and looks at that file
only. A change of a kernel that others call would leave their old code in use, and two files of one
name in different folders would share it. So the cache has a folder for each file, under one whose
name is a digest of all sources that the kernel may be compiled from, and of nothing else: a cache
that was copied, as into a server's image, is used as long as the sources and the CPU are the same.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import numba
import numpy as np
from numba.core import config as numba_config
from numba.core import types
from numba.core.caching import UserProvidedCacheLocator

_Function = TypeVar("_Function", bound=Callable[..., Any])
_PACKAGE = Path(__file__).parents[1]
_unliteral: Any = types.unliteral
config: Any = numba_config  # its settings are made at import, unseen by type checkers


def digest(package: Path) -> str:
    """Digest of everything that a kernel of a package may be compiled from."""
    return _digest(package, package.rglob("*.py"))


def _digest(root: Path, paths: Iterable[Path]) -> str:
    sources = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        sources.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        sources.update(content)
    return sources.hexdigest()[:16]


CACHE = Path(config.CACHE_DIR or _PACKAGE / "__pycache__") / f"kernels-{digest(_PACKAGE)}"


@cache
def _guest_digest(folder: Path) -> str:
    return _digest(folder, folder.glob("*.py"))


def cache_folder(source: Path) -> Path:
    """Where the machine code of a file's kernels is kept.

    A guest's file, outside this package, may call kernels of the files beside it and of this
    package: both are in the folder's name.

    Parameters
    ----------
    source : Path
        Absolute.
    """
    if source.is_relative_to(_PACKAGE):
        return CACHE / source.relative_to(_PACKAGE).with_suffix("")
    return CACHE / f"guest-{_guest_digest(source.parent)}" / source.stem


class Locator(UserProvidedCacheLocator):
    """Keep machine code in ``CACHE``; numba's own locators add a digest of the sources' place."""

    def get_cache_path(self) -> str:
        """Folder of the machine code."""
        return str(cache_folder(Path(self._py_file).absolute()))


def _one_type(compiled: Any) -> Any:
    """Let calls by other kernels with ``0`` or ``True`` use the code for any number or truth value.

    Numba would compile the function, and all that it calls, once more for each constant.
    """
    if hasattr(compiled, "get_call_template"):  # not where NUMBA_DISABLE_JIT leaves Python alone
        any_value = compiled.get_call_template

        def template(args: Any, kws: Any) -> Any:
            plain = [_unliteral(arg) for arg in args]
            return any_value(plain, {name: _unliteral(arg) for name, arg in kws.items()})

        compiled.get_call_template = template
    return compiled


def kernel(function: _Function) -> _Function:
    """Compile ``function`` on its first call and keep the machine code in ``CACHE``.

    ``NUMBA_CACHE_DIR`` moves that folder; where it cannot be written, the user's cache serves. A
    function that is in no file, as in a notebook, is compiled in every process.
    """
    return _compiled(function)


def inner_kernel(function: _Function) -> _Function:
    """Compile a function that kernels call: it makes no array and returns none.

    It counts no references to the arrays that it is given, whose caller holds them; counting is
    atomic, several times for every array of a tuple, and costs many times what a short function
    does. It may not call a kernel that makes or returns arrays.

    Raises
    ------
    TypeError
        The function says that it returns an array: whoever calls it would free that too early.
    """
    if _holds_array(get_type_hints(function).get("return")):
        raise TypeError(f"{function.__qualname__} returns an array: make it a kernel")
    return _compiled(function, _nrt=False)


def _holds_array(hint: Any) -> bool:
    """Whether values of a type are arrays or tuples that hold some."""
    if isinstance(hint, type) and issubclass(hint, tuple) and hint is not tuple:
        return any(_holds_array(part) for part in get_type_hints(hint).values())
    return get_origin(hint) is np.ndarray or any(_holds_array(part) for part in get_args(hint))


def _compiled(function: _Function, **options: Any) -> _Function:
    elsewhere = config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES
    # read once, when the function is wrapped
    config.CACHE_DIR = str(CACHE)
    config.CACHE_LOCATOR_CLASSES = f"{__name__}.Locator,UserWideCacheLocator"
    kept = Path(function.__code__.co_filename).is_file()
    try:
        compiled = numba.njit(
            cache=kept, nogil=True, error_model="numpy", boundscheck=False, **options
        )
        return cast("_Function", _one_type(compiled(function)))
    finally:
        config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = elsewhere
