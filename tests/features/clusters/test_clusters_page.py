"""The examples of features/clusters/README.md do what they say."""

import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

import walletrisk
from features import Ledger
from features.clusters import Clusters
from tests.pages import blocks

PAGE = (Path(walletrisk.__file__).parent / "features" / "clusters" / "README.md").read_text()
BLOCKS = Path(__file__).parents[2] / "data" / "bitcoin" / "blocks_1_255.dat"


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(PAGE, "python"):
        exec(block, {})
    assert capsys.readouterr().out == "1.0\n"


def test_the_commands_on_clusters_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(BLOCKS, "blocks.dat")
    Path("labels.csv").write_text(
        "wallet,label,known_at\n12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S,licit,2010-01-01T00:00:00Z\n"
    )
    frame = pd.DataFrame({"tx_id": ["t"], "sender": ["a"], "recipient": ["b"], "amount": [1.0]})
    moved = frame.assign(timestamp=pd.Timestamp("2026-01-01", tz="UTC"), asset="ETH")
    Ledger.from_transfers(moved).save("ledger")
    lines = [line for block in blocks(PAGE, "sh") for line in block.splitlines() if line]
    run = [shlex.split(line)[1:] for line in lines if "clusters" in line.split()[:2]]
    assert len(run) == 3
    for line in run:
        assert walletrisk.run(line) == 0
    assert Clusters.open(Path("clusters.arrow")).n_wallets == 0  # nobody spent two coins so early
    assert Path("spread.csv").exists()
