"""What ledgers of former formats lack, or hold otherwise."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import LedgerError
from features.ledger.build import compact
from features.ledger.state import State

_HEXADECIMAL = "^0[xX][0-9a-fA-F]{40}$"


def settled(state: State) -> State:
    """A ledger of a format of before, with what moves nothing apart."""
    if (state.outgoing.amount > 0.0).all():
        return state
    anew = compact(state)
    anew.origin = state.origin
    return anew


def refuse_spellings(directory: Path, wallets: pa.LargeStringArray) -> None:
    """Raise where wallets of a folder of before are spelt as nobody asks for them any more."""
    hexadecimal = wallets.filter(pc.match_substring_regex(wallets, _HEXADECIMAL))
    other = hexadecimal.filter(pc.not_equal(hexadecimal, pc.utf8_lower(hexadecimal)))
    if len(other):
        raise LedgerError(
            f"ledger {directory} has format version 3, holds {len(other)} wallets in mixed case, "
            f"such as {other[0].as_py()!r}, which are kept in lower case now; "
            "ingest the transfers again"
        )
