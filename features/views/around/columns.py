"""The columns of the view of labelled wallets around a wallet."""

from types import MappingProxyType

import numpy as np

from features.contracts.categories import CATEGORIES
from features.view import of_both, per_side, places

WIDTH, SEEN = 64, 512  # counterparties of a side, transfers in which they are looked for
HUB = 1_000  # transfers on a side
WORK = 8_192  # transfers read behind the counterparties of a side, of each of their sides
KNOWN = ("illicit", "licit")
GROUPS = MappingProxyType(
    {
        "scam": ("phishing",),
        "theft": ("theft", "ransomware"),
        "child_abuse": ("child_sexual_abuse",),
        "market": ("darknet", "abuse"),
        "sanctioned": ("sanctioned",),
        "mixer": ("mixer",),
        "service": ("gambling", "exchange", "mining"),
    }
)
_UNKNOWN = "; nan without labels"
_WHOM = (
    f"the wallet's latest {WIDTH} {{whose}} (in its latest {SEEN} transfers {{did}} that are no "
    "dust)"
)
_STEPS = {  # word of the columns: how a labelled wallet is met, what of a wallet in between counts
    "{d}": ("that are among", ""),
    "{d}_in": ("that paid one of", "received"),
    "{d}_out": ("that were paid by one of", "sent"),
}


def _labelled(known: str) -> str:
    return f"different wallets labelled {known}"


def _templates(step: str) -> tuple[tuple[str, str], ...]:
    """Columns of the wallets that are met one way."""
    met, moved = _STEPS[step]
    own = "" if step == "{d}" else ", the wallet itself left out"
    counts = tuple(
        (f"{known}_{step}_count", f"{_labelled(known)} {met} {_WHOM}{own}{_UNKNOWN}")
        for known in KNOWN
    )
    groups = tuple(
        (
            f"{group}_{step}_count",
            f"different wallets labelled with category {' or '.join(some)} {met} {_WHOM}"
            f"{own}{_UNKNOWN}",
        )
        for group, some in GROUPS.items()
    )
    weights = tuple(column for known in KNOWN for column in _weights(step, known, moved))
    return (
        *counts,
        *groups,
        *weights,
        (
            f"illicit_of_known_{step}_share",
            f"those labelled illicit over all labelled of the {_labelled('illicit or licit')} "
            f"{met} {_WHOM}{own}; nan if there are none or without labels",
        ),
    )


def _weights(step: str, known: str, moved: str) -> tuple[tuple[str, str], ...]:
    """Columns in which busy wallets count less, of the wallets with one label."""
    if not moved:
        return (
            (f"{known}_{step}_share", f"share of {_WHOM} that were labelled {known}{_UNKNOWN}"),
            (
                f"{known}_{step}_ratio",
                f"sum over those of {_WHOM} that were labelled {known} of one over the number of "
                f"transfers that each {{theirs}}{_UNKNOWN}",
            ),
        )
    part = (
        f"the share of the transfers that it {moved}, with other wallets than the one asked about, "
        f"that were with wallets labelled {known} and no dust"
    )
    return (
        (f"{known}_{step}_share", f"greatest, over {_WHOM}, of {part}{_UNKNOWN}"),
        (f"{known}_{step}_ratio", f"sum, over {_WHOM}, of {part}{_UNKNOWN}"),
    )


def _hubs(step: str) -> tuple[str, str]:
    _, moved = _STEPS[step]
    return (
        f"hub_{step}_share",
        f"share of {_WHOM} that {moved} more than {HUB:,} transfers, or are transactions that hide "
        f"who of many paid whom: nobody is looked for behind these{_UNKNOWN}",
    )


_SIDE = (
    *(template for step in _STEPS for template in _templates(step)),
    *(_hubs(step) for step in _STEPS if step != "{d}"),
)
_BOTH = (
    (
        "truncated_ratio",
        f"1 if there were transfers of a side in which no counterparty was looked for ({WIDTH} "
        f"counterparties, {SEEN} transfers), or more behind its counterparties than are read "
        f"({WORK:,} transfers on each side of theirs, the latest counterparties first), else 0"
        f"{_UNKNOWN}",
    ),
)
_WEIGHT = "one over the degree: resource allocation, Zhou, Lü and Zhang 2009; caps our own"
COLUMNS = (
    *per_side("around", *_SIDE, sources={f"{known}_{{d}}_ratio": _WEIGHT for known in KNOWN}),
    *of_both("around", *_BOTH),
)
OF, ALL = places(*_SIDE), places(*_BOTH)
_WORDS = ("", "_in", "_out")  # after the side


def _of_steps(names: tuple[str, ...]) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Places, shape (steps, names), of columns such as ``illicit{}_count``."""
    return np.array([[getattr(OF, name.format(word)) for name in names] for word in _WORDS])


COUNT = _of_steps(tuple(f"{name}{{}}_count" for name in (*KNOWN, *GROUPS)))
SHARE = _of_steps(tuple(f"{known}{{}}_share" for known in KNOWN))
RATIO = _of_steps(tuple(f"{known}{{}}_ratio" for known in KNOWN))
OF_KNOWN = _of_steps(("illicit_of_known{}_share",))
HUBS = np.array([-1, OF.hub_in_share, OF.hub_out_share])  # one step needs none
_GROUP = {category: place for place, some in enumerate(GROUPS.values()) for category in some}
GROUP_OF = np.array([_GROUP.get(category, -1) for category in CATEGORIES])  # by category
