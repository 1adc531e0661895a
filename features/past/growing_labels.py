"""Labels over a ledger that grows: checked and looked up once, whatever wallets come later."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.labels import check_labels
from features.ledger import Ledger
from features.ledger.side import grown
from features.past.known_labels import NO_LABELS, LabelEvents, arranged


class GrowingLabels:
    """What :func:`features.past.label_events` says, kept while wallets join the ledger.

    Labels of wallets that the ledger does not hold yet wait. A wallet that joins gets the highest
    code so far, so that its events belong at the end of the arrays, which have room there.

    Parameters
    ----------
    ledger : Ledger
    labels : DataFrame, optional
        Meets the contract of :func:`features.check_labels`, which is applied.

    Attributes
    ----------
    events : LabelEvents
        For kernels. Its ``start`` ends with the last labelled wallet: there is nothing behind it.

    Raises
    ------
    LabelsError
        The labels break their contract.
    """

    def __init__(self, ledger: Ledger, labels: pd.DataFrame | None) -> None:
        self.events = NO_LABELS
        self._waiting: dict[str, int] = {}  # number among the wallets that the ledger lacks
        self._later = NO_LABELS  # their events, by that number
        if labels is None:
            return
        checked = check_labels(labels, chain=ledger.chain)
        number, distinct = pd.factorize(checked["wallet"])
        wallets: list[str] = distinct.tolist()
        found = ledger.codes(wallets)
        code = found[number]
        held = code >= 0
        self.events = arranged(checked.loc[held], code[held], ledger.n_wallets)
        missing = np.flatnonzero(found < 0)
        self._waiting = {wallets[one]: place for place, one in enumerate(missing.tolist())}
        found[missing] = np.arange(missing.size, dtype=np.int32)
        self._later = arranged(checked.loc[~held], found[number[~held]], missing.size)
        self._room = _Room(self.events)

    def awaited(self, wallets: Iterable[str]) -> list[str]:
        """Those of some wallets that have labels and were not in the ledger before, each once."""
        if not self._waiting:
            return []
        return [name for name in dict.fromkeys(wallets) if name in self._waiting]

    def supposing(self, codes: Mapping[str, int]) -> LabelEvents:
        """Events with those of wallets that get codes for a question only; nothing is kept.

        Parameters
        ----------
        codes : mapping of str to int
            Name to code; who is in the ledger is in the events already.
        """
        events = self.events
        for code, name in sorted((code, name) for name, code in codes.items()):
            place = self._waiting.get(name)
            if place is None:
                continue
            first, end = self._later.start[place : place + 2].tolist()
            start = np.full(code + 2, events.known_at.size, np.int64)
            start[: events.start.size] = events.start
            start[code + 1] += end - first
            later = self._later
            events = LabelEvents(
                start,
                np.concatenate([events.known_at, later.known_at[first:end]]),
                np.concatenate([events.label, later.label[first:end]]),
                np.concatenate([events.category, later.category[first:end]]),
            )
        return events

    def join(self, ledger: Ledger, wallets: Iterable[str]) -> None:
        """Take in the labels of wallets of :meth:`awaited`, which the ledger holds by now."""
        for code, name in sorted((ledger.code(name), name) for name in wallets):
            place = self._waiting.pop(name)
            first, end = self._later.start[place : place + 2].tolist()
            self.events = self._room.add(code, self._later, slice(first, end))


class _Room:
    """Arrays of events with room at their end; what was read of them before stays as it is."""

    def __init__(self, events: LabelEvents) -> None:
        self._arrays: list[npt.NDArray[Any]] = [
            grown(array, array.size * 5 // 4 + 64) for array in events
        ]
        self._wallets, self._events = events.start.size - 1, events.known_at.size

    def add(self, code: int, others: LabelEvents, chosen: "slice[int, int]") -> LabelEvents:
        """Give some events to a wallet, whose code is above that of all with events so far."""
        first, end = self._events, self._events + chosen.stop - chosen.start
        start = self._at_least(0, code + 2)
        start[self._wallets + 1 : code + 1] = first
        start[code + 1] = end
        for column in (1, 2, 3):
            self._at_least(column, end)[first:end] = others[column][chosen]
        self._wallets, self._events = code + 1, end
        known_at, label, category = (array[:end] for array in self._arrays[1:])
        return LabelEvents(start[: code + 2], known_at, label, category)

    def _at_least(self, column: int, size: int) -> npt.NDArray[Any]:
        if size > self._arrays[column].size:
            self._arrays[column] = grown(self._arrays[column], size * 5 // 4)
        return self._arrays[column]
