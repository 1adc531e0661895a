"""Public names that are imported at their first use, so that ``import features`` takes no time.

A package lists them where type checkers look, under ``if TYPE_CHECKING:``, and nowhere else::

    if TYPE_CHECKING:
        from features.ledger import Ledger

    __all__ = ["Ledger"]
    __getattr__, __dir__ = lazy_names(__name__)
"""

import ast
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` of the module that calls this, by its own source.

    Parameters
    ----------
    package : str
        ``__name__`` of the module.
    """
    module = sys.modules[package]
    homes = dict(_imports(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))))

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(homes[name]), name)
        setattr(module, name, found)
        return found

    def names() -> list[str]:
        return sorted({*vars(module), *homes})

    return find, names


def _imports(source: ast.Module) -> Iterator[tuple[str, str]]:
    """Each name that is imported for type checkers alone, and the module that has it."""
    for block in source.body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for line in block.body:
                if isinstance(line, ast.ImportFrom):
                    yield from ((alias.name, str(line.module)) for alias in line.names)
