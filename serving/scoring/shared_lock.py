"""A lock that readers hold together, and a writer alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SharedLock:
    """Readers and writers take turns: neither waits for more than one turn of the others.

    A reader that comes while a writer waits lets it go first; the readers that waited for a writer
    go before the next one. Who holds it must not ask for it again.

    References
    ----------
    Brandenburg and Anderson, "Spin-based reader-writer synchronization for multiprocessor
    real-time systems" (2010), section 3: phase-fair locks.
    """

    def __init__(self) -> None:
        self._turn = threading.Condition(threading.Lock())
        self._readers = 0
        self._waiting = 0  # readers
        self._writers = 0  # at work or waiting
        self._writing = False
        self._phase = 0  # how many writers have ended

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Read what does not change meanwhile, beside others who read."""
        with self._turn:
            if self._writers:
                self._waiting += 1
                phase = self._phase
                # the writer that ends counts those who wait among the readers
                self._turn.wait_for(lambda: self._phase != phase)
            else:
                self._readers += 1
        try:
            yield
        finally:
            with self._turn:
                self._readers -= 1
                if not self._readers and self._writers:
                    self._turn.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Change what nobody reads meanwhile."""
        with self._turn:
            self._writers += 1
            self._turn.wait_for(lambda: not self._readers and not self._writing)
            self._writing = True
        try:
            yield
        finally:
            with self._turn:
                self._writing = False
                self._writers -= 1
                self._phase += 1
                self._readers += self._waiting
                self._waiting = 0
                self._turn.notify_all()
