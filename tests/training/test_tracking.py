"""A store that fails is one line; what it holds is reached by test_run."""

from __future__ import annotations

import errno

import mlflow
import pytest

from training import tracking
from training.tracking import TrackingError


def test_a_full_disk_is_the_store_s_mistake() -> None:
    before = mlflow.get_tracking_uri()
    with pytest.raises(TrackingError, match="No space left on device"), tracking.store(None):
        raise OSError(errno.ENOSPC, "No space left on device", "artifact.png")
    with pytest.raises(FileNotFoundError), tracking.store(None):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "labels.csv")
    assert mlflow.get_tracking_uri() == before
