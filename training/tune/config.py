"""``[tune]`` of a training's configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class TuneConfig(BaseModel):
    """``[tune]``: how long ``walletrisk tune`` looks.

    Parameters
    ----------
    trials
        Sets of parameters that are tried, those of earlier and interrupted runs among them.
    minutes
        After so many no further trial begins; None: no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: Annotated[int, Field(ge=2, le=100_000)] = 40
    minutes: Annotated[float, Field(gt=0)] | None = None
