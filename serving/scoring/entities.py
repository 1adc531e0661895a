"""Whose row is asked for: a wallet's own, or that of the entity that it belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from features.clusters import Clusters
from features.clusters.contraction import contracted
from features.clusters.entity import Entity, entity_of
from serving.schemas.entity import SHOWN_WALLETS
from serving.scoring.held import Held


@contextmanager
def as_asked(
    held: Held, wallet: str, as_of: int, clusters: Clusters | None
) -> Iterator[tuple[str, Entity | None]]:
    """Keep the ledger from changing while one question is answered.

    Parameters
    ----------
    held : Held
    wallet : str
        As :meth:`Held.address` spells it.
    as_of : int, microseconds since 1970 UTC
    clusters : Clusters or None
        Where its entity is asked for.

    Yields
    ------
    wallet, entity
        Whose row is asked for: the wallet, and None; or the one that stands for the entity's.
    """
    if clusters is None:
        with held.lock:
            yield wallet, None
        return
    with held.at_rest, held.lock:
        entity = entity_of(clusters, held.ledger, wallet, as_of)
        one = wallet if entity.code < 0 else held.ledger.wallet(entity.code)
        with contracted(held.ledger, entity.codes, as_of):
            yield one, entity


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
