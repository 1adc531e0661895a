"""Feature table and labels to a calibrated risk model; needs neither torch nor mlflow."""

from typing import TYPE_CHECKING

from features.lazy import lazy_names

if TYPE_CHECKING:
    from training.config import TrainConfig
    from training.risk_model import RiskModel
    from training.splits import OutOfTime, out_of_time, out_of_time_shares
    from training.trained import Trained, train

__all__ = [
    "OutOfTime",
    "RiskModel",
    "TrainConfig",
    "Trained",
    "out_of_time",
    "out_of_time_shares",
    "train",
]

__getattr__, __dir__ = lazy_names(__name__)
