"""What ``GET /v1/monitor`` answers."""

from pydantic import BaseModel, Field


class BandShare(BaseModel):
    """How many of the answers were in a band."""

    band: str
    share: float = Field(ge=0, le=1)
    expected: float | None = Field(
        description="Had the wallets been like the training's at the base rate; from twenty bins "
        "of scores, so rough. Null: too few answers, or the model keeps nothing of its training."
    )


class ColumnDrift(BaseModel):
    """How far a column moved since training."""

    column: str
    psi: float


class ModelDrift(BaseModel):
    """Answers of one model over one ledger, beside its training. No wallet is named."""

    ledger: str
    model_version: str
    since: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    answers: int = Field(description="Scored since then.")
    rows: int = Field(description="Kept of them, at equal chance: what is compared.")
    enough: bool = Field(description="Whether they are enough to compare.")
    base_rate: float
    mean_probability: float | None
    base_rate_factor: float | None = Field(description="The mean probability over the base rate.")
    bands: list[BandShare]
    score_psi: float | None = Field(description="Against training at the base rate.")
    score_psi_chance: float | None = Field(description="What 95 of 100 stay below by chance.")
    columns_compared: int
    columns_moved: int = Field(description="By a PSI of .25 or more, and more than chance.")
    columns: list[ColumnDrift] = Field(description="Those that moved most.")
    signs: list[str] = Field(description="What is out of the ordinary, in sentences.")


class Monitor(BaseModel):
    """Drift of every model that answered lately."""

    models: list[ModelDrift]
