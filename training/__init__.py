"""Feature table and labels to a calibrated risk model; needs neither torch nor mlflow."""

from training.artifact import RiskModel
from training.config import TrainConfig
from training.fitting import Trained, train
from training.splits import OutOfTime, out_of_time, out_of_time_shares

__all__ = [
    "OutOfTime",
    "RiskModel",
    "TrainConfig",
    "Trained",
    "out_of_time",
    "out_of_time_shares",
    "train",
]
