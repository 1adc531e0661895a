"""The services behind one endpoint, by the names that requests say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from features.errors import RiskError
from serving.service import Service


class Services:
    """One service over each ledger; never changed: another model makes another of these.

    A request takes them once, so that nothing in its answer is of two versions of a model.

    Parameters
    ----------
    services : sequence of Service
        One at least, as :func:`told_apart` gives them.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self._all = tuple(services)
        by_chain = {one.chain: one for one in services if one.chain is not None}
        self._by_name = by_chain | ({one.name: one for one in services} if self.several else {})

    def __iter__(self) -> Iterator[Service]:
        """All of them, in the order of the settings."""
        return iter(self._all)

    @property
    def names(self) -> list[str]:
        """What a request may say: names of ledgers, and chains that one ledger alone is of."""
        return list(self._by_name)

    @property
    def several(self) -> bool:
        """Whether a request must say which ledger it is about."""
        return len(self._all) > 1

    @property
    def context_names(self) -> tuple[str, ...]:
        """Columns of the user's own that models read, each once."""
        names = (name for one in self._all for name in one.scorer.model.context_names)
        return tuple(dict.fromkeys(names))

    @property
    def model_version(self) -> str:
        """Of the model that answers; of several ledgers each has its own."""
        return "several" if self.several else self._all[0].scorer.model.version

    def of(self, chain: str | None) -> Service:
        """Service over the ledger that a request names by its chain, or by its own name.

        Raises
        ------
        RiskError
            There is none of that name, or there are several and none is named.
        """
        found = self.find(chain)
        if found is None:
            said = "no chain is named" if chain is None else f"chain is {chain!r}"
            allowed = " or ".join(map(repr, self.names)) or "no named chain, leave it out"
            raise RiskError(f"{said}; this endpoint serves {allowed}")
        return found

    def named(self, name: str) -> Service:
        """Service over the ledger of a name, as settings and measures have it."""
        return next(one for one in self._all if one.name == name)

    def find(self, chain: str | None) -> Service | None:
        """As :meth:`of`, and None where that raises."""
        if chain is None:
            return None if self.several else self._all[0]
        return self._by_name.get(chain)

    def replacing(self, one: Service) -> "Services":
        """The same with one that has another model."""
        return Services([one if other.name == one.name else other for other in self._all])


def told_apart(services: Sequence[Service]) -> list[Service]:
    """Services whose ``chain`` means one alone: a chain that two are of gives way to their names.

    Raises
    ------
    RiskError
        One's name is another's chain, so that a request could mean both.
    """
    if len(services) == 1:
        return list(services)
    for one in services:
        for other in services:
            if one is not other and one.name == other.chain:
                raise RiskError(
                    f"ledger {one.name!r} has the name of the chain that ledger {other.name!r} is "
                    "of; give it another name"
                )
    ledgers = Counter(one.chain for one in services)
    alone = {chain for chain, count in ledgers.items() if chain is not None and count == 1}
    return [one if one.chain in alone else replace(one, chain=one.name) for one in services]
