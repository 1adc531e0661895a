"""Labels that come while the endpoint runs: in force in the next score, the others as they are.

The events of all wallets lie side by side, those of a wallet in order of time. A label that comes
moves what lies behind it: a copy of the arrays, some milliseconds for a million events.
"""

from collections.abc import Mapping

import numpy as np

from features.contracts.known_wallets import KnownWallets
from features.contracts.labels import Labels
from features.kernel import Int64s
from features.ledger import Ledger
from features.past import LabelEvents
from features.past.growing_labels import GrowingLabels, _Room
from features.past.known_labels import arranged


class LearningLabels(GrowingLabels):
    """What :func:`features.past.label_events` says, while wallets and labels come."""

    def learnt(self, ledger: Ledger, labels: Labels) -> LabelEvents:
        """Work out the events where these are all labels of the wallets that they are of.

        Events that readers hold stay as they are; :meth:`take` puts the new ones in force. Between
        the two, no wallet may join.
        """
        wallets = labels["wallet"].unique().tolist()
        codes = dict(zip(wallets, ledger.codes(wallets).tolist(), strict=True))
        here = {name: code for name, code in codes.items() if code >= 0}
        next_place = max(self._later.start.size - 1, 0)
        for name in wallets:
            if name not in here and name not in self._waiting:
                self._waiting[name] = next_place
                next_place += 1
        absent = {name: self._waiting[name] for name in wallets if name not in here}
        self._later = _relaid(self._later, labels, absent, next_place)
        return _relaid(self.events, labels, here, ledger.n_wallets)

    def take(self, events: LabelEvents) -> None:
        """Put events of :meth:`learnt` in force."""
        self.events = events
        self._room = _Room(events)


class LearningLists:
    """What lists say of wallets themselves, while labels come.

    Parameters
    ----------
    labels : Labels
    """

    def __init__(self, labels: Labels) -> None:
        self._all = KnownWallets(labels)
        self._learnt: dict[str, KnownWallets] = {}

    def learn(self, labels: Labels) -> None:
        """Take these as all labels of the wallets that they are of."""
        of_these = KnownWallets(labels)
        self._learnt |= dict.fromkeys(labels["wallet"].unique().tolist(), of_these)

    def of(self, wallet: str) -> KnownWallets:
        """Lists that know what is known of a wallet."""
        return self._learnt.get(wallet, self._all)


def _relaid(
    events: LabelEvents, labels: Labels, places: Mapping[str, int], size: int
) -> LabelEvents:
    """Events with those of some wallets replaced by what these labels say.

    Parameters
    ----------
    events : LabelEvents
        By place.
    labels : Labels
    places : mapping of str to int
        Wallets whose events are replaced, and where they are.
    size : int
        Places there are.
    """
    if not places:  # but then there are labels, of which the ledger knows no wallet
        none = np.zeros(size + 1, np.int64)
        return events if events.start.size else events._replace(start=none)
    own = labels.loc[labels["wallet"].isin(places)]
    at = own["wallet"].map(places).to_numpy(np.int64)
    replaced = np.array(sorted(places.values()), dtype=np.int64)
    new = arranged(own, np.searchsorted(replaced, at).astype(np.int32), replaced.size)
    before = np.full(size + 1, events.known_at.size, np.int64)
    before[: events.start.size] = events.start
    counts = np.diff(before)
    counts[replaced] = np.diff(new.start)
    after = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    stays = np.ones(events.known_at.size, dtype=np.bool_)
    stays[_ranges(before, replaced)] = False
    came = _ranges(after, replaced)
    kept = np.ones(int(after[-1]), dtype=np.bool_)
    kept[came] = False

    def column(place: int) -> "np.ndarray[tuple[int], np.dtype[np.generic]]":
        array = np.empty(kept.size, events[place].dtype)
        array[kept] = events[place][stays]
        array[came] = new[place]
        return array

    known_at, label, category = (column(place) for place in (1, 2, 3))
    return LabelEvents(after, known_at, label, category)  # type: ignore[arg-type]


def _ranges(start: Int64s, chosen: Int64s) -> Int64s:
    """Numbers of the events of some wallets, one wallet behind the other."""
    counts = start[chosen + 1] - start[chosen]
    first = np.repeat(start[chosen] - np.cumsum(counts) + counts, counts)
    return first + np.arange(int(counts.sum()))
