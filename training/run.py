"""``walletrisk train``: features, model, calibration, MLflow run, registered version."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.guests import all_views
from training.base_rate_check import ordinary_probability
from training.config import RunConfig, TrackingConfig
from training.gate.evidence import Material, gather
from training.gate.logged import Evidence
from training.gate.replay import Endpoint, Served
from training.gate.rival import present_champion
from training.networks.learning.session import kept_in
from training.provenance import input_hashes
from training.risk_model import RiskModel
from training.run_inputs import Progress, read_inputs
from training.run_record import MODEL, Source, record_of, write_card_of, write_files
from training.splits import OutOfTime
from training.trained import Trained, label_shuffle, train

ORDINARY, LEAST_ORDINARY = 1_000, 100  # wallets without a label that are asked about


@dataclass(frozen=True, slots=True)
class Run:
    """What a run gives: the training, and where and with which metrics it was recorded."""

    trained: Trained
    name: str
    version: str
    run_id: str
    metrics: dict[str, float]


def run(
    config: str | Path | RunConfig,
    *,
    progress: Progress | None = None,
    endpoint: Endpoint | None = None,
    repeats: str | None = None,
) -> Run:
    """Train what a TOML file describes and register it as a new version.

    Parameters
    ----------
    config
        See :class:`training.config.RunConfig`, or the path of its file; beside that a folder
        ``.fits`` holds how far networks have learnt, until the run is recorded: a run that was
        killed goes on there.
    progress
        Called with (stage, steps done, steps in all).
    endpoint
        What the gate replays rows through, such as :func:`serving.in_process.answers`.
    repeats
        Run that this one repeats, for the record.

    Returns
    -------
    Run
        With the registered version; promote it with :func:`training.gate.promotion.promote`.

    Raises
    ------
    RiskError
        If the configuration, the data, the split or the store cannot be used.
    """
    from training import tracking

    say = progress or (lambda _stage, _done, _total: None)
    begun = None if isinstance(config, RunConfig) else Path(config).with_suffix(".fits")
    config = config if isinstance(config, RunConfig) else RunConfig.read(Path(config))
    where = config.mlflow
    tracking.require_store(experiment=where.experiment, tracking_uri=where.tracking_uri)
    source = Source(config, input_hashes(config), repeats)
    material = read_inputs(config, all_views(), say)
    splits = config.split.splits(material.table)
    with kept_in(begun):
        say("model", 0, 2)
        trained = train(
            material.table, material.labels, splits, config.model, ledger=material.ledger,
            views=material.views, known=material.known,
        )  # fmt: skip
        say("model", 1, 2)
        done = log(trained, material, where=where, source=source, endpoint=endpoint)
        say("model", 2, 2)
    return done


def log(
    trained: Trained,
    material: Material,
    *,
    where: TrackingConfig | None = None,
    source: Source | None = None,
    endpoint: Endpoint | None = None,
) -> Run:
    """Record a training as one MLflow run, and register its model as a new version.

    Parameters
    ----------
    trained
        What :func:`training.train` gave.
    material
        What it was given.
    where
        Store, experiment and registered name; None: those of a file that says nothing.
    source
        File behind it, by which ``walletrisk train --run`` repeats it; None: it was made in Python.
    endpoint
        As for :func:`run`.

    Returns
    -------
    Run
        With the registered version.

    Raises
    ------
    RiskError
        If the store cannot be used: the model and all files of the run are then kept in a folder
        that the message names.
    """
    from training import tracking

    where = where or TrackingConfig()
    table, labels, config = material.table, material.labels, material.config
    splits = tuple(one.split for one in trained.judged)
    shuffled = label_shuffle(
        table, labels, splits, config, ledger=material.ledger, views=material.views,
        known=material.known,
    )  # fmt: skip
    metrics = {**trained.metrics, "pr_auc_label_shuffle": shuffled}
    data_sha256 = data_hash(table, labels, splits, config.min_transfers)
    with _kept(trained.model) as folder:
        importances = write_files(folder, trained, material, source)
        evidence = _evidence(folder, trained, material, where, endpoint, source)
        evidence.write(folder)
        write_card_of(folder, trained, material, source, metrics, importances, evidence)
        version = tracking.record(
            trained.model, record_of(trained, material, source, metrics, data_sha256), folder,
            experiment=where.experiment, name=where.name, tracking_uri=where.tracking_uri,
        )  # fmt: skip
    return Run(trained, where.name, version.number, version.run_id, dict(version.metrics))


def _evidence(
    folder: Path,
    trained: Trained,
    material: Material,
    where: TrackingConfig,
    endpoint: Endpoint | None,
    source: Source | None,
) -> Evidence:
    """Measure what the gate asks, the present champion's recipe on this run's rows among it."""
    champion = present_champion(where.name, tracking_uri=where.tracking_uri, views=material.views)
    data = None if source is None else source.config.data
    served = (
        None
        if data is None or data.ledger is None
        else Served(folder / MODEL, data.ledger, data.exposure, data.written)
    )
    return gather(
        trained, material, champion, said_to_ordinary=_said_to_ordinary(trained, material),
        served=served, endpoint=endpoint,
    )  # fmt: skip


def _said_to_ordinary(trained: Trained, material: Material) -> float | None:
    """Mean probability of wallets without a label, None where too few can be asked about."""
    ledger = material.ledger
    if ledger is None or ledger.last_timestamp is None:
        return None
    found = ordinary_probability(
        trained.model, ledger, material.labels if material.known is None else material.known,
        as_of=pd.Timestamp(trained.model.manifest.trained_until), size=ORDINARY,
        seed=material.config.seed,
    )  # fmt: skip
    return found["mean"] if found["wallets"] >= LEAST_ORDINARY else None


@contextmanager
def _kept(model: RiskModel) -> Iterator[Path]:
    """Give a folder for the files of a run, which stays where the store fails."""
    from training.tracking import TrackingError

    with tempfile.TemporaryDirectory(prefix="walletrisk-") as room:
        folder = Path(room) / "run"
        folder.mkdir()
        try:
            yield folder
        except TrackingError as error:
            kept = Path(f"unrecorded-{model.version}").resolve()
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            raise TrackingError(
                f"{error}; nothing is registered, and the model is kept in {kept / MODEL}, with "
                "what the run measured beside it: evaluate and serve take that folder, and train "
                "records it again once the store is free"
            ) from error


def data_hash(
    table: pd.DataFrame, labels: pd.DataFrame, splits: tuple[OutOfTime, ...], min_transfers: int
) -> str:
    """Return the sha256 of all that picks and holds the rows: equal hashes make runs comparable."""
    borders = [{name: str(value) for name, value in asdict(one).items()} for one in splits]
    digest = hashlib.sha256(json.dumps([borders, min_transfers]).encode())
    for frame in (table, labels):
        rows = pd.util.hash_pandas_object(frame).to_numpy(np.uint64)
        digest.update(json.dumps([str(name) for name in frame.columns]).encode())
        digest.update(rows.tobytes())
    return digest.hexdigest()
