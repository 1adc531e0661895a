"""What transfers are worth, in the one unit that a ledger counts in."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.contracts.prices import DOLLAR, told_values
from features.contracts.received import show
from features.contracts.transfers import Transfers
from features.errors import LedgerError
from features.kernel import Float64s
from features.ledger.assets import Assets

_SHOWN = 5  # assets that a message names


class Account(NamedTuple):
    """What a ledger is to count in; ``plain``: all transfers are of the unit itself."""

    chain: str
    unit: str
    plain: bool


def account(checked: Transfers, chain: str | None, unit: str | None) -> Account:
    """Decide what a ledger of some transfers counts in.

    Raises
    ------
    LedgerError
        Nobody says the unit of account, and it does not follow from the transfers.
    """
    if unit is None and "amount_usd" in checked and checked["amount_usd"].notna().any():
        unit = DOLLAR
    if unit is not None:
        if not unit.strip():
            raise LedgerError("the unit of account is empty; name it, such as unit='USD'")
        return Account(chain or "", unit, plain=False)
    return Account(chain or "", _one_asset(checked), plain=True)


def _one_asset(checked: pd.DataFrame) -> str:
    """The one asset of transfers that nobody gave a value, empty where there are none."""
    if "value" in checked and checked["value"].notna().any():
        raise LedgerError(
            "the transfers have values, and nobody says in which unit of account; "
            "name it (unit='USD', --unit-of-account USD)"
        )
    assets = checked["asset"].unique().tolist()
    if len(assets) > 1:
        raise LedgerError(
            "amounts of more than one asset do not add, and no unit of account is named; name it "
            "(unit='USD', --unit-of-account USD) and give values or prices; "
            f"received {len(assets)}: {_some(assets)}"
        )
    return str(assets[0]) if assets else ""


def values(checked: pd.DataFrame, assets: Assets) -> Float64s:
    """Value of each transfer in a ledger's unit of account; nan where none is known.

    A transfer of the unit itself is worth its amount.

    Raises
    ------
    LedgerError
        The transfers do not fit the ledger: they are of another asset than the one that a plain
        ledger is of, have values in another unit, or a value that is not the amount of the unit.
    """
    unit = assets.unit or _one_asset(checked)  # a plain ledger takes the first's
    own = (checked["asset"] == unit).to_numpy()
    if assets.plain and not own.all():
        others = checked["asset"][~own].unique().tolist()
        raise LedgerError(
            f"the ledger holds {unit!r}, the transfers are of {_some(others)}; a ledger of several "
            "assets is built with a unit of account (unit='USD', --unit-of-account USD)"
        )
    given = told_values(checked, unit)
    amount = checked["amount"].to_numpy()
    odd = np.flatnonzero(own & ~np.isnan(given) & (given != amount))
    if odd.size:
        one = checked.iloc[odd[0]]
        raise LedgerError(
            f"transfer ({show(one['tx_id'])}, {one['position']}) moves {amount[odd[0]]} {unit} and "
            f"is said to be worth {given[odd[0]]} {unit}"
        )
    return np.where(own, amount, given)


def _some(assets: list[str]) -> str:
    more = ", ..." if len(assets) > _SHOWN else ""
    return ", ".join(repr(asset) for asset in sorted(assets)[:_SHOWN]) + more
