"""What tuning found, in words."""

from __future__ import annotations

import json

from training.tune.tuning import Tuned


def tuned_text(tuned: Tuned) -> str:
    """Say whether tuning gained, by how much, and which parameters to write down."""
    gain, low, high = tuned.gain
    lines = [
        f"{len(tuned.trials)} trials; mean PR-AUC over the origins of the search "
        f"{tuned.searched:.3f}, at the start {tuned.started:.3f}",
        f"test rows, which the search did not see: {tuned.pr_auc:.3f} against "
        f"{tuned.pr_auc_started:.3f}, difference {gain:+.3f} [{low:+.3f}, {high:+.3f}]",
    ]
    if not tuned.gained:
        return "\n".join(
            [*lines, "Tuning gained nothing that the interval holds: keep what you have."]
        )
    written = [f"{name} = {json.dumps(value)}" for name, value in tuned.parameters.items()]
    return "\n".join(
        [*lines, "Tuning gained. In the configuration:", "[model.parameters]", *written]
    )
