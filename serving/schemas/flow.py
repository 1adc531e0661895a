"""A wallet's money followed through others, as the ``/v1`` API answers it."""

from typing import Literal

from pydantic import BaseModel, Field

from features.trails.following import ENDS
from features.trails.written import SHOWN_ROWS


class MovedTransfer(BaseModel):
    """What the ledger holds of a transfer."""

    tx_id: str
    position: int
    timestamp: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    sender: str
    recipient: str
    amount: float = Field(description="In whole units of the asset.")
    asset: str
    value: float = Field(description="In the ledger's unit of account.")


class FlowTransfer(MovedTransfer):
    """One transfer of a flow."""

    hop: int = Field(description="Least number of transfers from the wallet asked about, from 1.")
    traced_amount: float = Field(description="What of the value belongs to the flow.")
    begins_amount: float = Field(description="What of that the wallet itself received or sent.")
    ended_amount: float = Field(description="What of that goes no further.")
    end: str = Field(description=f"Why: {', '.join(ENDS[1:])}; empty: all of it goes on.")
    category: str = Field(description="Of the label of the wallet at the far end; empty: none.")


class FlowPayment(BaseModel):
    """Value that passes from one transfer to another at a wallet."""

    source: int = Field(description="Place in transfers of the one nearer to the wallet.")
    target: int
    amount: float


class FlowFacts(BaseModel):
    """A wallet's money followed through others: an acyclic graph of transfers.

    At every transfer ``traced_amount`` is what comes to it (``begins_amount`` and the payments with
    it as target) and what leaves it (``ended_amount`` and those with it as source).
    """

    direction: Literal["backward", "forward"]
    unit: str = Field(description="Of account; empty: the ledger is of one asset.")
    share: float
    total_amount: float = Field(description="What the wallet received or sent.")
    followed_amount: float = Field(description="Of that, what paths are kept of: all or by `to`.")
    kept_amount: float = Field(description="Of that, what the paths hold.")
    reached: dict[str, float] = Field(description="The total by why it ended, kept or not.")
    left_out: int = Field(description="Transfers that were followed and not kept.")
    not_shown: int = Field(description=f"Transfers kept beyond the largest {SHOWN_ROWS}.")
    unread: int = Field(description="Of the wallet's own transfers, those beyond the limit.")
    transfers: list[FlowTransfer]
    payments: list[FlowPayment]
