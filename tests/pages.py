"""The examples of a page in Markdown, and what runs them."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import walletrisk

ROOT = Path(walletrisk.__file__).parent
RUN_ALL = """
import json, sys, walletrisk
for line in json.load(sys.stdin):
    code = walletrisk.run(line)
    if code:
        sys.exit(f"{line} ended with {code}")
"""


def blocks(page: str, language: str) -> list[str]:
    """Fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)


def commands(blocks_of_shell: Sequence[str]) -> list[list[str]]:
    """Calls of walletrisk in blocks, each without the name of the program."""
    joined = "\n".join(blocks_of_shell).replace("\\\n", " ")
    lines = [shlex.split(line) for line in joined.splitlines() if line]
    return [line[1:] for line in lines if line[0] == "walletrisk"]


def python(code: str, folder: Path, given: str = "") -> str:
    """Run Python in a folder, apart from what this machine is set to; what it prints."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "WALLETRISK_"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_commands(lines: Sequence[Sequence[str]], folder: Path) -> str:
    """Run calls of walletrisk in a folder, one after the other; what they print."""
    return python(RUN_ALL, folder, json.dumps(lines))
