"""Public names are imported when they are first used, and none is missing."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import features
import serving
import training
import walletrisk

ROOT = Path(walletrisk.__file__).parent


@pytest.mark.parametrize("package", [features, training, serving, walletrisk])
def test_every_public_name_is_there(package: ModuleType) -> None:
    assert len(set(package.__all__)) == len(package.__all__)
    for name in package.__all__:
        assert getattr(package, name).__class__ is not ModuleType
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("package", [features, training, serving, walletrisk])
def test_another_name_is_an_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'no'"):
        _ = package.no


def test_the_front_door_has_the_names_of_all_three() -> None:
    assert walletrisk.Ledger is features.Ledger
    assert walletrisk.train is training.train
    assert walletrisk.create_app is serving.create_app


def test_packages_import_nothing_heavy() -> None:
    check = (
        "import sys, features, training, serving, walletrisk\n"
        "print({'numpy', 'pandas', 'numba', 'sklearn', 'fastapi'} & set(sys.modules))\n"
        "from walletrisk import Ledger\n"
        "print({'numba', 'sklearn', 'fastapi'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["set()", "{'numba'}"]
