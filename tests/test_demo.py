"""`walletrisk demo` from the bundled data to an answer, and the commands that use its result."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import walletrisk
from serving.demo import SCORE, post
from training.demo import ASKED, Workspace

ROOT = Path(walletrisk.__file__).parent
CHAMPION = "models:/walletrisk@champion"
RUN_ALL = """
import contextlib, io, json, sys, walletrisk
said = []
for line in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = walletrisk.run(line)
    said.append(printed.getvalue())
    if code:
        sys.exit(f"{line} ended with {code}")
print(json.dumps(said))
"""


@dataclass(frozen=True)
class Demo:
    work: Workspace
    said: str

    @property
    def question(self) -> dict[str, str]:
        line = next(line for line in self.said.splitlines() if line.startswith("$ curl"))
        asked: dict[str, str] = json.loads(shlex.split(line)[-1])
        return asked

    @property
    def probability(self) -> str:
        found = re.search(r"probability (\d\.\d{4})", self.said)
        assert found is not None
        return found[1]

    def options(self) -> list[str]:
        return [
            *("--ledger", str(self.work.ledger)),
            *("--labels", str(self.work.labels)),
            *("--model", CHAMPION),
            *("--tracking-uri", self.work.tracking_uri),
        ]


def environment() -> dict[str, str]:
    chosen = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "WALLETRISK_"))}
    return chosen | {"PYTHONPATH": str(ROOT)}


def run(*lines: Sequence[str | Path], cwd: Path) -> list[str]:
    """Run command lines in one process of their own; returns what each of them printed."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        cwd=cwd,
        env=environment(),
        input=json.dumps([[str(argument) for argument in line] for line in lines]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: list[str] = json.loads(done.stdout)
    return said


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    (said,) = run(["demo", "--exit", "--dir", "run"], cwd=folder)
    return Demo(Workspace(folder / "run"), said)


def test_demo_says_how_good_the_model_is_and_scores_an_unseen_account(demo: Demo) -> None:
    assert re.search(
        r"version 1 \(model \w+\): recipe PR-AUC 0\.\d+ \[0\.\d+, 0\.\d+\] on \d+ test rows",
        demo.said,
    )
    assert "version 1 is now the champion" in demo.said
    assert ": scored\n" in demo.said
    assert demo.said.endswith("stopped\n")
    assert pd.Timestamp(demo.question["as_of"]) == ASKED
    assert demo.question["wallet"] not in set(pd.read_parquet(demo.work.spine)["wallet"])
    assert demo.question["wallet"] in set(pd.read_parquet(demo.work.aside)["wallet"])


def test_other_commands_go_on_from_it(demo: Demo) -> None:
    labels, folder = ("--labels", demo.work.labels), demo.work.folder
    store = ("--tracking-uri", demo.work.tracking_uri)
    wallets = (demo.question["wallet"], "nobody", "--as-of", demo.question["as_of"])
    scored, _, evaluated, promoted = run(
        ["score", *wallets, *demo.options(), "--json"],
        ["features", "ledger", "--spine", "aside.parquet", *labels, "--out", "table.parquet"],
        ["evaluate", CHAMPION, *labels, *store, "--table", "table.parquet", "--out", "report"],
        ["promote", "1", *store],
        cwd=folder,
    )
    known, unknown = (json.loads(line) for line in scored.splitlines())
    assert f"{known['probability']:.4f}" == demo.probability
    assert known["wallet"] == {"address": demo.question["wallet"]}
    assert (unknown["status"], unknown["probability"]) == ("unknown_wallet", unknown["base_rate"])

    metrics = json.loads((folder / "report" / "metrics.json").read_text())
    assert metrics["pr_auc"] > 2 * metrics["prevalence"]
    assert f"| pr_auc | {metrics['pr_auc']:.4f} |" in evaluated
    written = {path.name for path in (folder / "report").iterdir()}
    figures = {"precision_recall.png", "calibration.png"}
    assert written == {"report.md", "metrics.json", "scores.parquet", *figures}

    assert "it is the champion" in promoted


def test_serve_answers_until_interrupted(demo: Demo) -> None:
    command = [
        sys.executable,
        "-m",
        "walletrisk",
        "serve",
        *demo.options(),
        "--no-keys",
        "--port",
        "0",
    ]
    with subprocess.Popen(
        command, cwd=demo.work.folder, env=environment(), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().removeprefix("serving on ").strip()
            answer = post(url + SCORE, demo.question)
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0
    assert f"{answer['probability']:.4f}" == demo.probability
