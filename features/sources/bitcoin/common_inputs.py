"""Wallets that pay for one transaction together: whose inputs are one owner's."""

from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.clusters import Spends
from features.kernel import SECOND
from features.sources.bitcoin.coinjoin import coinjoins
from features.sources.bitcoin.records import Records
from features.sources.bitcoin.scripts import MULTISIG, NONSTANDARD


class Together(NamedTuple):
    """Spends, and the names of their wallets' codes."""

    wallets: pa.LargeStringArray
    spends: Spends


def spent_together(records: Records) -> Together:
    """Spends of several addresses each, as evidence of one owner.

    CoinJoins are left out, and the inputs that are no one's alone: those of bare multisig, which
    belong to several, and of scripts that are not standard, some of which anybody can spend.
    """
    transaction, owner = records.inputs.transaction, records.inputs.owner
    counts = (coinjoins(records) == 0)[transaction] & _one_owner(records.owners)[owner]
    key = np.unique(transaction[counts] * (len(records.owners) + 1) + owner[counts])
    of, wallet = np.divmod(key, len(records.owners) + 1)
    several = np.bincount(of, minlength=len(records)) > 1
    kept = several[of]
    of, wallet = of[kept], wallet[kept]
    which = np.flatnonzero(several)
    codes, wallet = np.unique(wallet, return_inverse=True)
    spends = Spends(
        records.head.txid.take(which),
        records.head.time[which] * int(SECOND),
        np.searchsorted(of, np.append(which, len(records))),
        wallet.astype(np.int32),
    )
    return Together(records.owners.take(codes), spends)


def _one_owner(owners: pa.LargeStringArray) -> npt.NDArray[np.bool_]:
    several: Any = pc.match_substring_regex(cast("Any", owners), f"^({MULTISIG}|{NONSTANDARD})")
    return ~np.asarray(several, dtype=bool)
