"""Why: what an answer says of columns and of what they mean."""

from typing import Literal

from pydantic import BaseModel, Field

from serving.schemas.flow import MovedTransfer


class Reason(BaseModel):
    """One feature and what it adds to the log-odds; negative speaks for the wallet."""

    feature: str
    meaning: str
    value: float | None = Field(description="Null: not defined for this history, or not given.")
    contribution: float


class ColumnReason(Reason):
    """One column of a group."""

    percentile: float | None = Field(
        description="Percent of the training rows with a lower value, ties counted half. Null: "
        "there is no value, here or there."
    )


class ReasonGroup(BaseModel):
    """What columns of one meaning add to the log-odds together."""

    meaning: str = Field(examples=["amounts_received"])
    sentence: str = Field(examples=["The amounts it received: raises the odds 3.3 times."])
    contribution: float
    columns: list[ColumnReason] = Field(description="The three largest of the group.")


class TransferReason(MovedTransfer):
    """One of the wallet's transfers, taken out with what lies behind its other end."""

    neighbour: Literal["sender", "recipient"] = Field(description="Which end is the other wallet.")
    contribution: float = Field(description="What the log-odds lose without it.")


class NeighbourReason(BaseModel):
    """All transfers with one other wallet."""

    wallet: str
    transfers: int = Field(description="How many of them the score read.")
    contribution: float = Field(description="Sum of theirs, each taken out alone.")


class TransferReasons(BaseModel):
    """Which transfers moved the score.

    ``sum(contributions of transfers) + other_log_odds`` is what the reasons ``senders`` and
    ``recipients`` contribute together: the rest is of other transfers, of what several say
    together, and of what a usual wallet has on either side.
    """

    transfers: list[TransferReason] = Field(description="The five largest.")
    neighbours: list[NeighbourReason] = Field(description="The five largest.")
    other_log_odds: float
