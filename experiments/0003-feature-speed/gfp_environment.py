"""A virtual environment with snapml, which is proprietary and never a dependency of ours."""

import subprocess
import sys
import venv
from pathlib import Path

VERSION = "1.17.2"


def gfp_python(folder: Path) -> Path:
    """Make the environment in a folder and return its interpreter.

    Raises
    ------
    RuntimeError
        When snapml cannot be installed here: no wheel for this system, or no package index.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        done = subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", f"snapml=={VERSION}", "numpy"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            python.unlink()
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"snapml {VERSION} cannot be installed for {sys.version}: {last}")
    return python
