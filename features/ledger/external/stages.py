"""The stages of a build, a unit of work after the other, each noted in the journal."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from features.ledger.external.store import Store

STAGES = ("read", "names", "copies", "rows", "sides")
_Found = TypeVar("_Found")
_AT_ONCE = 2  # units in memory


class Progress:
    """Runs units of work, two at a time, keeps what they find in their order, and notes each.

    Parameters
    ----------
    store : Store
    stage, done : str and int
        Where the build is.
    state : dict
        What its stages know; kept with each note.
    tell : callable
        Called with the stage, the units done and those in all.
    """

    def __init__(
        self, store: Store, stage: str, done: int, state: dict[str, Any],
        tell: Callable[[str, int, int], None],
    ) -> None:  # fmt: skip
        self._store, self._tell, self.state = store, tell, state
        self._stage, self._done = stage, done

    def run(
        self, stage: str, units: int, find: Callable[[int], _Found],
        keep: Callable[[int, _Found], None],
    ) -> None:  # fmt: skip
        """Do what is left of a stage."""
        if STAGES.index(stage) < STAGES.index(self._stage):
            return
        done = self._done if stage == self._stage else 0
        for unit, found in in_turn(find, range(done, units)):
            keep(unit, found)
            self._store.commit(stage, unit + 1, self.state)
            self._tell(stage, unit + 1, units)
        self._stage, self._done = stage, units


def in_turn(find: Callable[[int], _Found], numbers: Iterable[int]) -> Iterator[tuple[int, _Found]]:
    """Call a function for numbers, two at a time; what it returns comes in their order."""
    left = iter(numbers)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running: deque[tuple[int, Future[_Found]]] = deque()
        for number in itertools.islice(left, _AT_ONCE):
            running.append((number, pool.submit(find, number)))
        while running:
            number, found = running.popleft()
            result = found.result()
            yield number, result
            del found, result
            for following in itertools.islice(left, 1):
                running.append((following, pool.submit(find, following)))
