"""Batches made ahead, in a thread: kernels release the interpreter while the network learns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from training.networks.reading.batch import Batch

Int64 = NDArray[np.int64]
AHEAD = 2  # batches that wait: each is some ten megabytes


def device() -> torch.device:
    """Where networks learn: a GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def moved(batch: Batch, where: torch.device) -> Batch:
    """Return a batch on a device, over pinned memory where that is a GPU."""
    if where.type == "cpu":
        return batch
    flat = [one.pin_memory().to(where, non_blocking=True) for one in batch.tensors()]
    return batch.with_tensors(flat)


def prefetched(make: Callable[[Int64], Batch], what: Sequence[Int64]) -> Iterator[Batch]:
    """Make a batch of each in their order, some of them ahead of who takes them.

    What is made does not depend on when: the same batches come as without a thread.
    """
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(1, "batches") as pool:
        try:
            for one in what:
                waiting.append(pool.submit(make, one))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for late in waiting:
                late.cancel()
