"""The packages that are imported are those of this repository, not namesakes from an index."""

from pathlib import Path

import pytest

import features
import serving
import training

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", [features, training, serving])
def test_package_is_ours(package: object) -> None:
    assert Path(str(getattr(package, "__file__", None))).parent.parent == ROOT


def test_no_package_below_tests_hides_ours() -> None:
    assert not list(Path(__file__).parent.rglob("__init__.py"))
