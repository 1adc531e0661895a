"""Feature table and labels to a calibrated risk model; needs neither torch nor mlflow."""

from typing import TYPE_CHECKING

from features.lazy import lazy_names

if TYPE_CHECKING:
    from training.attacks import ATTACKS, Attack, evaluate_attacks, victims_of
    from training.config import TrainConfig
    from training.origins import rolling_origins
    from training.risk_model import RiskModel
    from training.splits import OutOfTime, out_of_time, out_of_time_shares
    from training.time_folds import TimeFolds
    from training.trained import Judged, Trained, label_shuffle, train
    from training.transfer_reasons import transfer_reasons
    from training.truth import labels_to_y

__all__ = [
    "ATTACKS",
    "Attack",
    "Judged",
    "OutOfTime",
    "RiskModel",
    "TimeFolds",
    "TrainConfig",
    "Trained",
    "evaluate_attacks",
    "label_shuffle",
    "labels_to_y",
    "out_of_time",
    "out_of_time_shares",
    "rolling_origins",
    "train",
    "transfer_reasons",
    "victims_of",
]

__getattr__, __dir__ = lazy_names(__name__)
