"""Why: what an answer says of columns and of what they mean."""

from pydantic import BaseModel, Field


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
