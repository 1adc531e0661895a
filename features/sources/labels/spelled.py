"""The wallets of a list in the spelling of their chain; what is no address is left out and told."""

from collections import Counter
from typing import NamedTuple

import pandas as pd

from features.contracts.addresses import CHAINS, canonical, rules_of
from features.sources.labels.listed import Listed

_EXAMPLES = 3


class Spelled(NamedTuple):
    """Statements whose wallets are canonical.

    Attributes
    ----------
    frame : DataFrame
        As :meth:`features.sources.labels.listed.Listed.frame` gives it, without ``chain``.
    left_out : Counter of str
        How many entries were left out, by reason.
    examples : dict of str to list of str
        Some of those that are no address, by reason, as they were written.
    """

    frame: pd.DataFrame
    left_out: Counter[str]
    examples: dict[str, list[str]]


def spelled(listed: Listed, chain: str | None = None) -> Spelled:
    """Write wallets in the one way of their chain.

    Parameters
    ----------
    listed : Listed
    chain : str, optional
        Keep what may be a wallet of this chain; an address of one chain of the Ethereum kind is
        one of all. Without it everything is kept, each by the chain that its list names.

    Raises
    ------
    RiskError
        There is no such chain.
    """
    frame, left_out, examples = listed.frame(), listed.left_out.copy(), dict[str, list[str]]()
    kept = []
    for own, rows in frame.groupby("chain", sort=True):
        if chain and own and not _alike(str(own), chain):
            left_out[f"of another chain than {chain}"] += len(rows)
            continue
        found = canonical(rows["wallet"], chain or str(own) or None)
        fine = rows["wallet"].str.strip() != ""
        left_out["without an address"] += int((~fine).sum())
        for problem in found.problems:
            bad = rows["wallet"].iloc[problem.rows]
            left_out[f"address {problem.reason}"] += len(bad)
            shown = examples.setdefault(f"address {problem.reason}", [])
            shown += bad.head(_EXAMPLES - len(shown)).tolist()
            fine.iloc[problem.rows] = False
        texts = pd.Series(found.texts.to_pandas().to_numpy(), rows.index, dtype="str")
        kept.append(rows.assign(wallet=texts)[fine])
    whole = pd.concat(kept).sort_index() if kept else frame.iloc[:0]
    return Spelled(whole.drop(columns="chain"), +left_out, examples)


def _alike(own: str, chain: str) -> bool:
    """Whether an address of one chain may be one of another."""
    if own not in CHAINS:
        return True
    free = rules_of(None).family
    return own == chain or rules_of(own).family == rules_of(chain).family != free
