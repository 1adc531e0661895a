"""The house keeps its rules: sizes, one place that compares ``as_of``, units of time by name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from features import VIEWS
from tests import compare

ROOT = Path(__file__).parents[1]
FEATURES = ROOT / "features"
PACKAGES = ("features", "training", "serving")
MOST_ARGUMENTS, MOST_LINES, LONG_FUNCTION, LONGEST_FUNCTION = 7, 350, 20, 50
COMPARING_ROOMS = ("past", "contracts", "checks")
COMPARING_CALLS = ("min", "max", "minimum", "maximum", "before", "searchsorted")
LENGTHS_OF_TIME = ("1000000.0", "3600000000", "86400000000")  # second, hour, day in microseconds
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def trees(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sources(*packages):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def functions(*packages: str) -> Iterator[tuple[str, Function]]:
    for name, tree in trees(*packages):
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def arguments(function: Function) -> int:
    """Arguments of a function, without self and cls."""
    of = function.args
    named = [arg.arg for arg in (*of.posonlyargs, *of.args, *of.kwonlyargs)]
    return sum(name not in ("self", "cls") for name in named)


def is_command(function: Function) -> bool:
    return any(ast.unparse(one).startswith("app.command(") for one in function.decorator_list)


def code_lines(function: Function) -> int:
    """Lines of a function without its docstring, its decorators, comments and empty lines."""
    docstring = ast.get_docstring(function) is not None
    body = function.body[1:] if docstring else function.body
    held = {function.lineno}
    for node in (function.args, *body):
        for inner in ast.walk(node):
            if isinstance(inner, ast.stmt | ast.expr | ast.arg):
                held |= {inner.lineno, inner.end_lineno or inner.lineno}
    return len(held)


def is_as_of(node: ast.AST) -> bool:
    """Whether an expression is the instant itself, or an entry of an array of it."""
    if isinstance(node, ast.Subscript):
        return is_as_of(node.value)
    named = getattr(node, "id", None) or getattr(node, "attr", None)
    return named == "as_of"


def comparisons(tree: ast.Module) -> Iterator[int]:
    """Lines that compare ``as_of``: by an operator, by min or max, by a search up to it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            by_identity = all(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops)
            compared = [] if by_identity else [node.left, *node.comparators]
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            compared = node.args if called in COMPARING_CALLS else []
        else:
            continue
        if any(map(is_as_of, compared)):
            yield node.lineno


def test_no_function_of_features_takes_too_many_arguments() -> None:
    # a command's arguments are the options of its command line
    many = {name: arguments(of) for name, of in functions("features") if not is_command(of)}
    assert {name: n for name, n in many.items() if n > MOST_ARGUMENTS} == {}


def test_nine_of_ten_functions_of_features_are_short() -> None:
    lengths = {name: code_lines(of) for name, of in functions("features")}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}
    assert np.percentile(list(lengths.values()), 90) <= LONG_FUNCTION


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_no_module_is_too_long(package: str) -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(package)
    }
    # a test module may outgrow the module that it is of
    most = MOST_LINES if package != "tests" else 400
    assert {name: n for name, n in lines.items() if n > most} == {}


def test_units_of_time_have_names() -> None:
    """A second is ``SECOND``, an hour ``HOUR``; the clock has their numbers, and the twins do."""
    own = ("features/kernel/clock.py", "features/checks/plain_past.py")
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees("features")
        if name not in own
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and repr(node.value) in LENGTHS_OF_TIME
    ]
    assert found == []


def test_as_of_is_compared_in_one_place() -> None:
    found = [
        f"{name}:{line}"
        for name, tree in trees("features")
        if name.split("/")[1] not in COMPARING_ROOMS
        for line in comparisons(tree)
    ]
    assert found == []


def test_nothing_is_left_of_the_former_views() -> None:
    left = [
        f"{name}: {node.id}"
        for name, tree in trees("features", "training", "serving")
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id.startswith("unconverted")
    ]
    assert left == []


def test_every_view_has_a_twin_a_test_and_a_golden_table() -> None:
    views = {path.stem for path in (ROOT / "tests" / "features" / "views").rglob("test_*.py")}
    for view in VIEWS:
        assert callable(compare.twin_of(view))
        assert (ROOT / "tests" / "golden" / f"{view.name}.json").exists()
        assert f"test_{view.name}" in views


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("time < as_of", 1),
        ("asked.as_of >= time", 1),
        ("min(oldest, asked.as_of)", 1),
        ("before(time, 0, 9, side.as_of[0])", 1),
        ("as_of - time < DAY", 0),
        ("before(time, first, end, as_of - width)", 0),
        ("as_of is None", 0),
        ("ask(past, row)", 0),
    ],
)
def test_comparisons_are_seen(code: str, lines: int) -> None:
    assert len(list(comparisons(ast.parse(code)))) == lines


def test_code_lines_are_without_the_docstring() -> None:
    code = (
        'def f(a, b):\n    """Say.\n\n    More.\n    """\n\n'
        "    # why\n    c = a\n    return (\n        c\n    )\n"
    )
    (function,) = (node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef))
    assert code_lines(function) == 5
    assert arguments(function) == 2
