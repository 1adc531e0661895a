"""The cache of compiled kernels."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import features
from features.kernel import Float64s, Int64s, Rows, inner_kernel, kernel
from features.kernel.compiler import CACHE, cache_folder, digest

PACKAGE = Path(features.__file__).parent

TWINS = """
import sys
sys.path.insert(0, {folder!r})
import {module} as one
print(one.answer(1), *one.answer.stats.cache_hits.values())
"""
KERNEL = """
from features.kernel import kernel


@kernel
def answer(x: int) -> int:
    return x + {added}
"""


def test_a_change_of_any_source_in_any_room_is_another_cache(tmp_path: Path) -> None:
    copy = tmp_path / "features"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert CACHE.name == f"kernels-{digest(copy)}"
    sources = sorted(copy.rglob("*.py"))
    assert {source.parent for source in sources} > {copy, copy / "kernel", copy / "views/patterns"}
    seen = {digest(copy)}
    for source in sources:
        content = source.read_bytes()
        source.write_bytes(content + b"\n")
        seen.add(digest(copy))
        source.write_bytes(content)
    assert len(seen) == len(sources) + 1


def test_a_moved_source_is_another_cache(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "a.py").write_text("x = 1")
    before = digest(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "room" / "a.py")
    assert digest(tmp_path) != before


def test_files_of_equal_names_are_kept_apart() -> None:
    places = {cache_folder(source) for source in PACKAGE.rglob("*.py")}
    assert len(places) == len(list(PACKAGE.rglob("*.py")))
    one, other = (cache_folder(PACKAGE / room / "same.py") for room in ("views", "taint"))
    assert one != other


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For processes that a test starts: what an earlier run of it kept is not found."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))


def run(folder: Path, module: str) -> list[int]:
    code = TWINS.format(folder=str(folder), module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [int(number) for number in done.stdout.split()]


def test_kernels_of_equal_names_and_lines_in_two_folders_do_not_share_machine_code(
    tmp_path: Path,
) -> None:
    for folder, added in (("left", 1), ("right", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "twin.py").write_text(KERNEL.format(added=added))
    assert run(tmp_path / "left", "twin") == [2]
    assert run(tmp_path / "right", "twin") == [3]
    assert run(tmp_path / "left", "twin") == [2, 1]  # from the cache


def test_a_change_of_a_file_beside_a_guests_kernel_is_seen(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(KERNEL.format(added=1))
    caller = KERNEL.replace("answer(x: int)", "outer(x: int)") + "\n\nfrom helper import answer\n"
    (tmp_path / "caller.py").write_text(
        "from helper import answer as inner\n"
        + caller.replace("from helper import answer\n", "answer = outer\n").replace(
            "x + {added}", "inner(x)"
        )
    )
    assert run(tmp_path, "caller")[0] == 2
    (tmp_path / "helper.py").write_text(KERNEL.format(added=5))
    assert run(tmp_path, "caller")[0] == 6


class Numbers(NamedTuple):
    """What an inner kernel may return."""

    first: int
    second: float


class Arrays(NamedTuple):
    """What it may not."""

    values: Float64s
    first: int


class Nested(NamedTuple):
    """Nor this."""

    inside: tuple[Numbers, Arrays]


@inner_kernel
def inner_sum(arrays: Arrays, end: int) -> Numbers:
    values, total = arrays.values, 0.0
    for i in range(arrays.first, end):
        total += values[i]
    return Numbers(end - arrays.first, total)


@kernel
def outer_sum(rows: Rows, sums: Float64s) -> Int64s:
    """Hand parts of arrays, some made here, to an inner kernel; return what was made."""
    counts = np.empty(sums.size, np.int64)
    for row in range(sums.size):
        made = rows[row] * 2.0
        counts[row] = inner_sum(Arrays(rows[row], 1), row + 1).first
        sums[row] = inner_sum(Arrays(made, 0), made.size).second
    return counts


def test_an_inner_kernel_leaves_the_arrays_to_those_who_hold_them() -> None:
    rows = np.arange(12.0).reshape(4, 3)
    for _ in range(100):
        sums = np.empty(4)
        held = sys.getrefcount(rows), sys.getrefcount(sums)
        counts = outer_sum(rows, sums)
        assert (sys.getrefcount(rows), sys.getrefcount(sums)) == held
        assert sums.tolist() == (2 * rows.sum(axis=1)).tolist()
        assert counts.tolist() == [0, 1, 2, 3]
    assert inner_sum(Arrays(rows[0], 0), 3) == (3, 3.0)  # from Python, too


def returns_array(values: Float64s) -> Float64s:
    return values


def returns_tuple(values: Float64s) -> tuple[int, Rows]:
    return 1, values


def returns_record(values: Float64s) -> Arrays:
    return Arrays(values, 0)


def returns_nested(values: Float64s) -> Nested | None:
    return None


@pytest.mark.parametrize("function", [returns_array, returns_tuple, returns_record, returns_nested])
def test_an_inner_kernel_may_return_no_array(function: object) -> None:
    with pytest.raises(TypeError, match="returns an array: make it a kernel"):
        inner_kernel(function)  # type: ignore[type-var]
