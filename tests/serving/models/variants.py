"""Models that differ in little, made without training."""

from pathlib import Path
from typing import Any

from training import RiskModel
from training.model_folder import write_folder


def variant(of: Path, folder: Path, **changes: Any) -> str:
    """Write a model that differs from another in its manifest, over one that may be there."""
    parts = RiskModel.load(of).parts
    made = parts._replace(manifest=parts.manifest.model_copy(update=changes))
    write_folder(made, folder, overwrite=True)
    return made.manifest.version
