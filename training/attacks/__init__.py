"""Attacks on a score: what others send to a wallet, and what its owner does, to move its band."""

from training.attacks.declared import ATTACKS
from training.attacks.evaluation import Victims, evaluate_attacks, victims_of
from training.attacks.moves import Attack, Cost, Move, Target

__all__ = [
    "ATTACKS",
    "Attack",
    "Cost",
    "Move",
    "Target",
    "Victims",
    "evaluate_attacks",
    "victims_of",
]
