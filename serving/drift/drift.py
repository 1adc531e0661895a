"""Live drift: what is asked about is kept in part, and compared with training by a thread."""

import logging
import math
import threading
import time
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.errors import RiskError
from serving.clock import now_us
from serving.drift.block import Block
from serving.drift.report import LEAST_ROWS, report
from serving.observability import Metrics
from serving.scoring.scorer import Scorer
from training.watch.reference import Reference

_log = logging.getLogger("walletrisk.drift")

BLOCK_S = 6 * 3_600.0
ROWS = 1_000  # kept of a block: four bytes a column
EVERY_S = 60.0

Places = npt.NDArray[np.intp]


class Asked(NamedTuple):
    """A score that was given out.

    Parameters
    ----------
    ledger : str
        Name of the ledger.
    scorer : Scorer
        Whose model it is of.
    values : float64 array
        What the features were, named by ``scorer.columns``.
    log_odds, probability : float
    band : str
    """

    ledger: str
    scorer: Scorer
    values: npt.NDArray[np.float64]
    log_odds: float
    probability: float
    band: str


class _Model:
    """Answers of one model over one ledger: the block that is filled, and the one before."""

    def __init__(self, asked: Asked) -> None:
        scorer = asked.scorer
        place = {name: number for number, name in enumerate(scorer.columns)}
        self.ledger = asked.ledger
        self.version = scorer.model.version
        self.base_rate = scorer.model.base_rate
        self.thresholds = dict(scorer.thresholds)
        self.places: Places = np.array([place[name] for name in scorer.model.feature_names])
        self._model = scorer.model
        self.before: Block | None = None
        self.begin()

    @cached_property
    def reference(self) -> Reference | None:
        """Its training; read where it is compared, for no answer waits there."""
        try:
            return Reference.of_model(self._model)
        except RiskError:  # of a kind that keeps none
            return None

    def begin(self) -> None:
        """Begin a block."""
        self.block = Block(now_us(), ROWS, len(self.places))
        self.end = time.monotonic() + BLOCK_S

    def turn(self) -> None:
        """Begin another block where this one is old."""
        if time.monotonic() >= self.end:
            self.before = self.block
            self.begin()

    def telling(self) -> Block:
        """The block that says most of now: this one once it has rows enough."""
        if self.block.kept < LEAST_ROWS and self.before is not None:
            return self.before
        return self.block


class Drift:
    """What the model over each ledger was asked about lately, beside its training.

    Another model over a ledger begins anew.

    Parameters
    ----------
    metrics : Metrics
        Told of each report.
    every_s : float
        Between two reports.
    """

    def __init__(self, metrics: Metrics, every_s: float = EVERY_S) -> None:
        self._metrics = metrics
        self._every_s = every_s
        self._models: dict[str, _Model] = {}
        self._noting = threading.Lock()
        self._comparing = threading.Lock()
        self._last: tuple[float, list[dict[str, Any]]] = (-math.inf, [])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="drift", daemon=True)
        self._thread.start()

    def note(self, asked: Asked) -> None:
        """Count a score, and perhaps keep its row; takes a microsecond or two."""
        model = self._models.get(asked.ledger)
        if model is None or model.version != asked.scorer.model.version:
            model = self._models[asked.ledger] = _Model(asked)
        with self._noting:
            block = model.block
            block.bands[asked.band] += 1
            block.note(asked.values, model.places, asked.log_odds, asked.probability)

    def told(self) -> list[dict[str, Any]]:
        """The last reports, as :class:`serving.schemas.monitor.Monitor` has them."""
        with self._comparing:
            at, said = self._last
        return said if time.monotonic() - at < 2 * self._every_s else self.compare()

    def compare(self) -> list[dict[str, Any]]:
        """Make the reports now; it takes seconds, most of which it waits."""
        with self._comparing:
            said = [self._report(model) for model in list(self._models.values())]
            self._last = time.monotonic(), said
        self._metrics.drift(said)
        return said

    def close(self) -> None:
        """Stop comparing."""
        self._stop.set()
        self._thread.join(timeout=1)  # a comparison that is under way may be let go

    def _report(self, model: _Model) -> dict[str, Any]:
        with self._noting:
            model.turn()
            block = model.telling()
        said = report(block, model.reference, model.base_rate, model.thresholds)
        return {"ledger": model.ledger, "model_version": model.version, **said}

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self.compare()
            except Exception as error:  # noqa: BLE001 - the next one may do, and scores go on
                _log.error("answers were not compared with training", exc_info=error)
