"""What the gate asks for: ``[gate]`` of a training's configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class GateConfig(BaseModel):
    """``[gate]``: stated before a run, logged with it, and read when it is judged.

    Parameters
    ----------
    margin
        How much less PR-AUC than the champion's is still called no worse. A candidate that is
        truly equal passes with probability 1 - beta if the margin is at least
        z_0.975 + z_(1 - beta) standard errors of the paired difference. On 669 real test rows (99
        illicit, whole histories, five fits each) that error is 0.005 over three origins and 0.007
        over one, so that 0.025 lets 19 of 20 equal candidates pass at the least, and 0.03 leaves
        some room; where ranking is easier a tenth would do.
        Fewer rows need a wider margin: the gate says so, and does not widen it by itself.
    repeats
        Fits of each recipe, each with a seed of its own: so the interval holds the luck of a fit.
    victims
        Wallets that are attacked to hide, and as many to frame; 0 leaves the attacks out. With many
        labels each costs seconds, as all are arranged anew for every attack.
    base_rate_factor
        How many times more or less than the base rate wallets without a label may be told on
        average. Widen it, with a reason, where the ledger is no sample of the world, such as one
        that was gathered around labelled wallets and cuts off the histories of others.
    latency_ms
        Median time that one row may take, features and model together.

    References
    ----------
    Wellek, "Testing Statistical Hypotheses of Equivalence and Noninferiority" (2010), section 1.6,
    for the margin and the interval that decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin: Annotated[float, Field(gt=0, lt=1)] = 0.03
    repeats: Annotated[int, Field(ge=2, le=50)] = 5
    victims: Annotated[int, Field(ge=0, le=1000)] = 5
    base_rate_factor: Annotated[float, Field(ge=1)] = 2.0
    latency_ms: Annotated[float, Field(gt=0)] = 50.0
