"""How far a fit is, kept on disk, so that a training that was killed goes on to the same bits."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from features.errors import RiskError
from training.networks.learning.session import folder_of_fits

SAVED_EVERY_S = 10.0
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass(slots=True)
class Checkpoint:
    """One fit's file: weights, moments of the optimiser, and what else the loop must know.

    No state of a generator is in it: all that is drawn follows from seed, epoch and step.
    """

    file: Path | None
    saved: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, told: dict[str, Any], arrays: list[np.ndarray[Any, Any]]) -> Checkpoint:
        """Name the file by all that the fit is given; outside of ``kept_in`` there is none."""
        folder = folder_of_fits()
        if folder is None:
            return cls(None)
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        for array in arrays:
            # rows to learn from and to stop by are, one after the other, the bytes of all rows
            digest.update(f"{array.dtype} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return cls(folder / f"{digest.hexdigest()[:32]}.safetensors")

    def is_due(self) -> bool:
        """Whether enough was learnt since the last time that it is worth to be kept."""
        return self.file is not None and time.monotonic() - self.saved > SAVED_EVERY_S

    def save(self, network: nn.Module, optimiser: torch.optim.Optimizer, state: object) -> None:
        """Replace the file at once, so that whoever is killed leaves a whole one."""
        if self.file is None:
            return
        tensors = {f"weight {name}": value for name, value in network.state_dict().items()}
        for name, parameter in network.named_parameters():
            for part, value in optimiser.state.get(parameter, {}).items():
                tensors[f"{part} {name}"] = value
        self.file.parent.mkdir(parents=True, exist_ok=True)
        writing = self.file.with_suffix(".writing")
        whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        save_file(whole, writing, {"state": json.dumps(state)})
        writing.replace(self.file)
        self.saved = time.monotonic()

    def restore(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> Any:
        """Take up what was kept; return the loop's state, None where nothing was.

        Raises
        ------
        RiskError
            If the file is damaged.
        """
        if self.file is None or not self.file.exists():
            return None
        try:
            with safe_open(self.file, "pt") as kept:
                state = json.loads((kept.metadata() or {})["state"])
                found = {name: kept.get_tensor(name) for name in kept.keys()}  # noqa: SIM118
            weights = [name for name in found if name.startswith("weight ")]
            network.load_state_dict({name.removeprefix("weight "): found[name] for name in weights})
        except (KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise RiskError(
                f"{self.file} is damaged, remove it to begin anew: {error!r}"
            ) from error
        for name, parameter in network.named_parameters():
            parts = {
                part: found[f"{part} {name}"] for part in _MOMENTS if f"{part} {name}" in found
            }
            if parts:
                where = {part: one.to(parameter.device) for part, one in parts.items()}
                where["step"] = parts["step"]
                optimiser.state[parameter] = where
        return state
