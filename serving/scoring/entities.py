"""Whose row is asked for: a wallet's own, or its entity's; as things are, or as is supposed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from features.clusters import Clusters
from features.clusters.contraction import contracted
from features.clusters.entity import Entity, entity_of
from features.ledger import Transfer
from features.ledger.supposed import supposed
from features.past import LabelEvents
from serving.schemas.entity import SHOWN_WALLETS
from serving.scoring.held import Held


class Asked(NamedTuple):
    """Whose row is asked for, of the ledger as it stands for the question.

    Attributes
    ----------
    wallet : str
        The one asked about, or the one that stands for its entity's.
    code : int
        Of it, -1 where the ledger does not hold it.
    events : LabelEvents
    entity : Entity or None
        Where that is asked for.
    """

    wallet: str
    code: int
    events: LabelEvents
    entity: Entity | None


@contextmanager
def as_asked(
    held: Held,
    wallet: str,
    as_of: int,
    clusters: Clusters | None,
    transfers: Sequence[Transfer] = (),
) -> Iterator[Asked]:
    """Keep the ledger from changing while one question is answered.

    Parameters
    ----------
    held : Held
    wallet : str
        As :meth:`Held.address` spells it.
    as_of : int, microseconds since 1970 UTC
    clusters : Clusters or None
        Where its entity is asked for.
    transfers : sequence of Transfer
        That the ledger is to hold for this question, where no entity is asked for.
    """
    ledger = held.ledger
    if transfers:
        with held.at_rest, held.lock.alone(), supposed(ledger, transfers) as codes:
            code = codes.get(wallet, ledger.code(wallet))
            yield Asked(wallet, code, held.supposing(codes), None)
    elif clusters is None:
        with held.lock.shared():
            yield Asked(wallet, ledger.code(wallet), held.events, None)
    else:
        with held.at_rest, held.lock.alone():
            entity = entity_of(clusters, ledger, wallet, as_of)
            one = wallet if entity.code < 0 else ledger.wallet(entity.code)
            with contracted(ledger, entity.codes, as_of):
                yield Asked(one, ledger.code(one), held.events, entity)


def entity_facts(held: Held, entity: Entity, as_of: int) -> dict[str, Any]:
    """Say whose score it is, as :class:`serving.schemas.answers.EntityFacts`."""
    told = {name: held.known(name, as_of) for name in entity.names}
    listed = [name for name, known in told.items() if known and known["entries"]]
    return {
        "wallets": entity.wallets,
        "shown": entity.names[:SHOWN_WALLETS],
        "whole": entity.whole,
        "listed": len(listed),
        "listed_shown": listed[:SHOWN_WALLETS],
        "sanctioned": any(known["sanctioned"] for known in told.values() if known),
    }
