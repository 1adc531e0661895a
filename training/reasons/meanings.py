"""What a column is about: every column of every view has one meaning.

A score has hundreds of small reasons, many of them of columns that say nearly the same, so that the
five largest carry a third of it and now and then point the wrong way. Summed by meaning, neighbours
no longer cancel each other in sight of the reader. Chosen by what a reader asks (what came in, what
went out, with whom, in which rhythm), not by the model: two models name their reasons alike.

A view that has no line here, one of a guest, is a meaning by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from features.contracts.categories import CATEGORIES


class Meaning(NamedTuple):
    """A group of columns.

    Attributes
    ----------
    name
        One word or several, joined by ``_``.
    says
        What the columns are about, to be read before a colon.
    """

    name: str
    says: str


HISTORY = Meaning("history", "How long it is known, and how busy it was when")
RHYTHM = Meaning("rhythm", "The rhythm of its transfers")
RECEIVED = Meaning("amounts_received", "The amounts it received")
SENT = Meaning("amounts_sent", "The amounts it sent")
COUNTERPARTIES = Meaning("counterparties", "How many wallets it deals with, and how often")
ONE_HOP = Meaning("kind_of_counterparties", "What kind of wallets it deals with")
PASSING_ON = Meaning("passing_on", "How it passes on what it received")
DEPTH = Meaning("depth", "Through how many wallets its money came and went")
BURSTS = Meaning("bursts", "Many wallets paying it, or paid by it, within days")
GATHERING = Meaning("gathering", "Money scattered over wallets and gathered again")
CYCLES = Meaning("cycles", "Money that came back to it in a circle")
ASSETS = Meaning("assets", "Which assets it holds and swaps")
COINS = Meaning("coins", "How its coins are mixed, paid and left over")
DUST = Meaning("dust", "Dust that others sent to it")
AROUND = Meaning("around", "Labelled wallets one and two steps away")
SERVICES_IN = Meaning("received_services", "What it received from wallets like services")
SERVICES_OUT = Meaning("sent_services", "What it sent to wallets like services")
TRACED = Meaning("traced", "How far its money could be traced")
GIVEN = Meaning("given", "What was given with the request")

# regular expressions of a column's name after that of its view; the first that is found counts
_BOTH_SIDES = r"^(out_to_in|balance|mean_out_to_in|max_out_to_in)"
_SIDES = ((_BOTH_SIDES, PASSING_ON), (r"_in_", RECEIVED), (r"_out_", SENT))
_RULES: Mapping[str, tuple[tuple[str, Meaning], ...]] = {
    "coverage": (("", HISTORY),),
    "assets": (("", ASSETS),),
    "utxo": (("", COINS),),
    "dust": (("", DUST),),
    "amounts": _SIDES,
    "windows": _SIDES,
    "relative": _SIDES,
    "timing": ((r"^(transfers|recency|span)_", HISTORY), ("", RHYTHM)),
    "counterparties": (("", COUNTERPARTIES),),
    "one_hop": (("", ONE_HOP),),
    "layering": (("", PASSING_ON),),
    "depth": (("", DEPTH),),
    "patterns": ((r"burst", BURSTS), (r"cycle", CYCLES), ("", GATHERING)),
    "around": (("", AROUND),),
    "exposure": (
        (r"^service_like_in", SERVICES_IN),
        (r"^service_like", SERVICES_OUT),
        ("", TRACED),
    ),
}
_LABELLED = re.compile(
    rf"^(illicit|licit|{'|'.join(CATEGORIES)})_(?:direct_|indirect_)?(in|out)_\w+$"
)
_FROM = {"in": ("received", "What it received from"), "out": ("sent", "What it sent to")}
_PARTS = {
    "own": Meaning("own", "The wallet's own history"),
    "senders": Meaning("senders", "The wallets it received from"),
    "recipients": Meaning("recipients", "The wallets it sent to"),
    "labels": Meaning("labels", "What was known of wallets near it"),
    "sequence": Meaning("sequence", "Its own latest transfers, in their order"),
}


def meaning_of(column: str, view: str) -> Meaning:
    """Return what a column of a view is about.

    Examples
    --------
    >>> meaning_of("amounts_mean_in_amount", "amounts").says
    'The amounts it received'
    >>> meaning_of("exposure_mixer_direct_out_share", "exposure")
    Meaning(name='sent_mixer', says='What it sent to wallets labelled mixer')
    >>> meaning_of("kyc_age_days", "kyc").says
    'The columns of kyc'
    """
    rest = column.removeprefix(f"{view}_")
    labelled = _LABELLED.match(rest) if view == "exposure" else None
    if labelled is not None:
        return _exposure(*labelled.groups())
    for pattern, meaning in _RULES.get(view, ()):
        if re.search(pattern, rest):
            return meaning
    return Meaning(view, f"The columns of {view}")


def meaning_of_part(reason: str) -> Meaning:
    """Return what a part of a neighbourhood is about, of kinds whose reasons are no columns."""
    return _PARTS.get(reason, Meaning(reason, reason))


def _exposure(category: str, side: str) -> Meaning:
    did, whose = _FROM[side]
    of = "labelled, with another category" if category == "other" else f"labelled {category}"
    return Meaning(f"{did}_{category}", f"{whose} wallets {of}")
