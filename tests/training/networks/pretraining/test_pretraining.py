"""An encoder learns from wallets without labels, from nothing after its cut-off; it is reused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import walletrisk
from features import Ledger, RiskError
from tests.pages import blocks
from tests.strategies import at, transfers

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from training.networks.pretraining.encoder_folder import EncoderFolder
    from training.networks.pretraining.pretraining import Pretrained

CUT_OFF = at(5000)
OWN = ("amounts_out_to_in_ratio",)
QUICK: dict[str, Any] = {
    "fan_out": (4, 2), "steps": 6, "hidden": 16, "updates": 6,
    "batch_rows": 24, "learning_rate": 0.02, "dropout": 0.0,
}  # fmt: skip
Row = tuple[float, str, str, float]


def rows_of(number: int, until: float = 5000.0) -> list[Row]:
    """One wallet receives and passes on, in turn, with long and short gaps that follow a rule."""
    me, generator = f"w{number:03d}", np.random.default_rng(number)
    rows, second = list[Row](), 10.0 + number
    while second < until:
        amount = float(generator.lognormal())
        rows.append((second, f"payer{number % 7}", me, amount))
        rows.append((second + 3.0, me, f"shop{number % 5}", amount))
        second += 400.0 + float(generator.random())
    return rows


def ledger_of(rows: list[Row]) -> Ledger:
    return Ledger.from_transfers(transfers(sorted(rows)))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [row for number in range(30) for row in rows_of(number)]


@pytest.fixture(scope="module")
def ledger(rows: list[Row]) -> Ledger:
    return ledger_of(rows)


Teach = Callable[..., "Pretrained"]


@pytest.fixture(scope="module")
def teach(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Teach:
    from training.networks.pretraining import pretraining
    from training.networks.pretraining.pretrain_config import PretrainConfig

    few = pytest.MonkeyPatch()
    few.setattr(pretraining, "SCALED_ON", 96)
    few.setattr(pretraining, "HELD", 96)
    room = tmp_path_factory.mktemp("encoders")
    made = iter(range(100))

    def taught(of: Ledger = ledger, **told: Any) -> Pretrained:
        out = told.pop("out", None) or room / f"encoder{next(made)}"
        given = {"ledger": "ledger", "as_of": CUT_OFF.to_pydatetime(), "out": out, **QUICK, **told}
        return pretraining.pretrain(PretrainConfig(**given), of, told_nobody)

    return taught


def told_nobody(stage: str, done: int, total: int | None, /, label: str = "") -> None:
    """Progress that nobody sees."""


@pytest.fixture(scope="module")
def learnt(teach: Teach) -> Pretrained:
    return teach(updates=40)


@pytest.fixture(scope="module")
def folder(learnt: Pretrained) -> Path:
    return learnt.folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def weights(folder: Path) -> bytes:
    return files(folder)["encoder.safetensors"]


def opened(folder: Path) -> EncoderFolder:
    from training.models.graph_network import NODE_VIEWS
    from training.networks.pretraining.encoder_folder import EncoderFolder
    from training.networks.reading.reads import columns_of

    return EncoderFolder.read(folder, columns_of(NODE_VIEWS, scale_free=True))


def test_it_learns_what_wallets_do_next(learnt: Pretrained) -> None:
    done = learnt
    assert done.taught["gap"] < 0.5 * done.untaught["gap"]
    assert done.taught["sent"] < 0.6 * done.untaught["sent"]
    assert done.taught["masked"] < done.untaught["masked"]


@pytest.mark.parametrize("kind", ["graphsage", "gatv2", "pna"])
def test_every_kind_of_layers_and_tower_can_be_taught(teach: Teach, kind: str) -> None:
    done = teach(kind=kind, updates=2, tower="transformer")
    assert opened(done.folder).shape.kind == kind


def test_a_question_stands_before_what_it_asks_for(ledger: Ledger) -> None:
    from training.networks.pretraining.next_transfer import draw_questions

    asked = draw_questions(ledger, int(CUT_OFF.value // 1000), 50, (1,))
    for code, as_of, gap, sent in zip(asked.codes, asked.as_of, asked.gap, asked.sent, strict=True):
        sides = [one.side for one in (ledger.incoming, ledger.outgoing)]
        times = np.concatenate([
            side.time[side.start[code] : side.start[code] + side.count[code]] for side in sides
        ])  # fmt: skip
        assert (times == as_of - 1).any()  # right after one of its transfers
        following = times[times >= as_of].min()
        assert following < CUT_OFF.value // 1000
        assert gap == pytest.approx(np.log1p((following - as_of + 1) / 1e6))
        side = sides[int(sent)]
        held = side.time[side.start[code] : side.start[code] + side.count[code]]
        assert (held == following).any()


def test_nothing_at_or_after_the_cut_off_is_read(rows: list[Row], teach: Teach) -> None:
    wallets = [f"w{number:03d}" for number in range(30)]
    # the same wallets go on otherwise: only the futures differ
    futures = [
        [(5000.0 + at_, one, other, 1000.0 * at_) for at_, one, other in ends]
        for ends in (
            [(0.0, wallet, "payer1") for wallet in wallets],
            [(0.0, "payer2", wallet) for wallet in wallets]
            + [(7.0, wallet, "shop1") for wallet in wallets],
        )
    ]
    told = [teach(ledger_of(rows + future)) for future in futures]
    assert weights(told[0].folder) == weights(told[1].folder)
    assert told[0].taught == told[1].taught


def test_the_same_call_gives_the_same_bits_and_another_seed_others(teach: Teach) -> None:
    first, again, other = teach(), teach(), teach(seed=1)
    assert files(first.folder) == files(again.folder)
    assert weights(first.folder) != weights(other.folder)


def test_it_goes_on_where_it_was_killed(
    teach: Teach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.networks.learning import checkpoint
    from training.networks.pretraining import next_transfer, pretraining

    class Killed(BaseException):
        pass

    steps = 0
    draw = next_transfer.draw_questions

    def dying(*given: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 6:
            raise Killed
        return draw(*given)

    monkeypatch.setattr(checkpoint, "SAVED_EVERY_S", -1.0)
    monkeypatch.setattr(pretraining, "draw_questions", dying)
    out = tmp_path / "encoder"
    with pytest.raises(Killed):
        teach(out=out)
    kept = list(tmp_path.glob("encoder.learning-*"))
    assert len(kept) == 1
    assert not out.exists()
    steps = 100
    taught = teach(out=out)
    assert steps - 100 < 6  # not from the beginning
    assert not kept[0].exists()
    assert weights(taught.folder) == weights(teach().folder)


def test_a_network_starts_from_it_and_needs_it_no_longer(folder: Path) -> None:
    from dataclasses import replace

    from training.networks.network import GraphNetwork

    given = opened(folder)
    network = GraphNetwork(replace(given.shape, own=5, dropout=0.3))
    given.require(network.shape, given.reads)
    given.load_into(network.encoder)
    for name, value in network.encoder.state_dict().items():
        assert torch.equal(value, given.weights[name])
    assert len(given.record["sha256"]) == 64


def test_another_network_and_other_features_are_refused_with_the_difference(folder: Path) -> None:
    from dataclasses import replace

    given = opened(folder)
    with pytest.raises(RiskError, match="hidden 16 instead of 32"):
        given.require(replace(given.shape, hidden=32), given.reads)
    with pytest.raises(RiskError, match="kind 'gine' instead of 'pna'"):
        given.require(replace(given.shape, kind="pna"), given.reads)
    with pytest.raises(RiskError, match=r"views .* instead of .'timing'."):
        given.require(given.shape, {**given.reads, "views": ["timing"]})
    with pytest.raises(RiskError, match="subgraph_version"):
        given.require(given.shape, {**given.reads, "subgraph_version": 99})


def test_a_cut_off_after_what_may_be_learnt_from_is_a_leak(folder: Path) -> None:
    given = opened(folder)
    instant = int(CUT_OFF.value // 1000)
    given.require_before(instant)
    with pytest.raises(RiskError, match="that is a leak"):
        given.require_before(instant - 1)


def test_a_damaged_or_foreign_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RiskError, match="is no folder of walletrisk pretrain"):
        opened(tmp_path)
    content = files(folder)
    for name, data, said in (
        ("encoder.safetensors", content["encoder.safetensors"][:-1] + b"x", "sha256"),
        ("encoder.json", b"{}", "does not hold one"),
        ("encoder.json", content["encoder.json"].replace(b'"format": 1', b'"format": 2'), "format"),
    ):
        for file, whole in {**content, name: data}.items():
            (tmp_path / file).write_bytes(whole)
        with pytest.raises(RiskError, match=said):
            opened(tmp_path)


def test_a_trained_model_carries_the_weights_and_refuses_a_leak(
    ledger: Ledger, folder: Path, tmp_path: Path
) -> None:
    from features.past import NO_LABELS
    from training.models.estimator import Where
    from training.models.graph_kinds import GineEstimator

    encoder = tmp_path / "encoder"
    shutil.copytree(folder, encoder)
    parameters = {
        "first_fan": 4, "second_fan": 2, "steps": 6, "hidden": 16, "epochs": 2, "patience": 2,
        "labels": False, "encoder": str(encoder),
    }  # fmt: skip

    def asked(second: float) -> pd.DataFrame:
        wallets = [f"w{number:03d}" for number in range(30)]
        return pd.DataFrame({"wallet": wallets, "as_of": [at(second)] * 30})

    y_true = np.arange(30, dtype=np.int8) % 2
    own = np.random.default_rng(0).random((30, 1))
    model = GineEstimator(OWN, seed=0, parameters=parameters)
    early = model.inputs(own, Where.of_spine(ledger, asked(4000.0), NO_LABELS))
    with pytest.raises(RiskError, match="that is a leak"):
        model.fit(early, y_true, np.ones(30))
    rows = model.inputs(own, Where.of_spine(ledger, asked(5000.0), NO_LABELS))
    said = model.fit(rows, y_true, np.ones(30)).log_odds(rows)
    saved = tmp_path / "model"
    saved.mkdir()
    model.save(saved)
    shutil.rmtree(encoder)
    assert np.array_equal(GineEstimator.load(saved, OWN).log_odds(rows), said)
    record = json.loads((saved / "model.json").read_text())["encoder"]
    assert record["sha256"] == opened(folder).record["sha256"]


def test_the_command_writes_a_folder_and_says_what_was_learnt(
    ledger: Ledger, tmp_path: Path, teach: Teach, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.save(tmp_path / "ledger")
    config = tmp_path / "encoder.toml"
    page = (Path(walletrisk.__file__).parent / "training/networks/PRETRAINING.md").read_text()
    told = blocks(page, "toml")[0].replace("updates = 2000", "updates = 2\nbatch_rows = 8")
    config.write_text(told.replace("2024-03-01T00:00:00Z", CUT_OFF.isoformat()))
    assert walletrisk.run(["pretrain", str(config), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert Path(said["folder"]) == tmp_path / "encoder"
    assert set(said["taught"]) == {"gap", "value", "new", "sent", "masked"}
    assert pd.Timestamp(opened(tmp_path / "encoder").record["cut_off"]) == CUT_OFF
    assert walletrisk.run(["pretrain", str(config)]) == 2
    assert "is there already" in capsys.readouterr().err
    early = config.read_text().replace(CUT_OFF.isoformat(), at(-5).isoformat())
    config.write_text(early.replace('"encoder"', '"other"'))
    assert walletrisk.run(["pretrain", str(config)]) == 2
    assert "too few wallets with two transfers before" in capsys.readouterr().err
    config.write_text(early + "epochs = 3\n")
    assert walletrisk.run(["pretrain", str(config)]) == 2
    assert "epochs is unknown; allowed are ledger, as_of" in capsys.readouterr().err
