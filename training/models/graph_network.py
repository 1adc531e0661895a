"""The graph networks: what arrives at a wallet over the transfers around it; extra ``gnn``.

Four kinds that differ in their layers alone, see :mod:`training.networks.layers`. The wallet enters
with its row of the feature table, the wallets around it with columns of cheap views of their own,
the transfers between them one by one, and what was known of other wallets; no wallet's name does.
Networks learn in float32 and score in float64, so that a row alone and in a batch agree to 1e-9.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from features.errors import RiskError
from features.json_file import read_json
from features.past import NO_LABELS
from features.subgraphs import Described
from features.views.counterparties import COUNTERPARTIES
from features.views.coverage import COVERAGE
from features.views.layering.layering import LAYERING
from training.models.estimator import Configured, Explained, Where
from training.models.finite import require_finite
from training.models.ranges import Range
from training.networks.explaining.explanation import NONE_TOLD, TakenApart, taken_apart
from training.networks.explaining.shapley import shapley_values
from training.networks.learning.checkpoint import Checkpoint
from training.networks.learning.fit import Lesson, Plan, deterministic, learn, one_thread
from training.networks.learning.stopping import held_back
from training.networks.network import Architecture, GraphNetwork
from training.networks.pretraining.encoder_folder import EncoderFolder
from training.networks.reading.batch import PLAYERS
from training.networks.reading.prepared import Prepared, Source, learn_degrees
from training.networks.reading.reads import columns_of, is_scale_free, reads_of, require_reads
from training.networks.reading.source import GraphInputs, Reading
from training.networks.reading.untold import untold

if TYPE_CHECKING:
    from training.networks.reading.scales import Columns

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

WEIGHTS, SETTINGS = "model.safetensors", "model.json"
CHUNK = 1024  # rows scored at once: bounds memory
EXPLAINED = 256  # rows taken apart at once, for the same reason
NODE_VIEWS = Described((COVERAGE, COUNTERPARTIES, LAYERING), far=1)  # some 40 us a near node
_FANS = ("first_fan", "second_fan", "third_fan")


class GraphEstimator(Configured):
    """A graph network; see :class:`training.models.estimator.Estimator`.

    ``first_fan = 0`` reads no edges, ``labels = false`` no labels of other wallets, ``steps = 0``
    not the sequence of the wallet's own transfers: all three together leave a perceptron of its
    row. ``hide_known`` is the share of rows that learn as if nobody's label were known, their own
    columns included: for labels that came to be known later than their ``known_at`` says.
    ``third_fan`` adds a third layer. ``encoder`` names a folder of ``walletrisk pretrain`` to
    start from, which is not needed afterwards.
    """

    kind: ClassVar[str]
    reads: ClassVar[Literal["table", "ledger"]] = "ledger"
    defaults: ClassVar[Mapping[str, Any]] = {
        "first_fan": 16,
        "second_fan": 8,
        "third_fan": 0,
        "draw": "latest",
        "labels": True,
        "steps": 16,
        "tower": "gru",
        "node_bucket_s": 0,
        "hidden": 32,
        "dropout": 0.3,
        "hide_labels": 0.3,
        "hide_known": 0.0,
        "learning_rate": 0.002,
        "weight_decay": 0.02,
        "epochs": 60,
        "patience": 8,
        "batch_rows": 256,
        "validation_share": 0.15,
        "encoder": "",
    }
    ranges: ClassVar[Mapping[str, Range]] = {
        **dict.fromkeys(("hidden", "epochs", "patience", "batch_rows"), Range(1)),
        **dict.fromkeys((*_FANS, "steps", "node_bucket_s"), Range(0)),
        **dict.fromkeys(("learning_rate", "weight_decay"), Range(0)),
        **dict.fromkeys(("dropout", "hide_labels", "hide_known"), Range(0, 1, open_high=True)),
        "validation_share": Range(0, 1, open_low=True, open_high=True),
    }
    libraries: ClassVar[tuple[str, ...]] = ("safetensors", "torch", "torch-geometric")

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        super().__init__(feature_names, seed=seed, parameters=parameters)
        for name, allowed in (("draw", ("latest", "recent")), ("tower", ("gru", "transformer"))):
            if self.parameters[name] not in allowed:
                raise RiskError(
                    f"{name} of model {self.kind!r} must be {' or '.join(allowed)}, "
                    f"got {self.parameters[name]!r}"
                )
        self.network_: GraphNetwork | None = None
        self.prepared_: Prepared
        self.learnt_before_: Mapping[str, Any] | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """The wallet's own row, what arrives from senders and recipients, labels, its sequence."""
        left_out = {
            "senders": not self.fan_out, "recipients": not self.fan_out,
            "labels": not (self.fan_out and self.parameters["labels"]),
            "sequence": not self.parameters["steps"],
        }  # fmt: skip
        return tuple(player for player in PLAYERS if not left_out.get(player))

    @property
    def fan_out(self) -> tuple[int, ...]:
        """Transfers of a node, hop by hop, to the first hop that has none."""
        fans = [self.parameters[name] for name in _FANS]
        return tuple(fans[: fans.index(0)] if 0 in fans else fans)

    @property
    def width(self) -> int:
        """Of the state before the head."""
        return self._fitted().width

    @property
    def reads_labels(self) -> bool:
        """Whether it learnt from labels of other wallets, so that they must be given."""
        return self.network_ is not None and self.prepared_.reads_labels

    def inputs(self, features: Float64, where: Where) -> GraphInputs:
        """Say where to read what lies around the rows; nothing is drawn yet."""
        given = self.parameters
        reading = Reading(
            self.fan_out, given["draw"], NODE_VIEWS, given["node_bucket_s"], given["labels"],
            given["steps"],
        )  # fmt: skip
        labels = where.labels if given["labels"] and self.fan_out else NO_LABELS
        return GraphInputs(features, where.ledger, where.codes, where.as_of, labels, reading)

    def fit(self, inputs: GraphInputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Learn from n rows; wallets are told apart by their codes."""
        return self.fit_groups(inputs, y_true, weights, inputs.wallets)

    def fit_groups(
        self, inputs: GraphInputs, y_true: NDArray[np.int8], weights: Float64, groups: Int64
    ) -> Self:
        """Learn how long by rows of later wallets, then from all rows for as many epochs."""
        held = held_back(
            inputs.as_of, groups, y_true, self.parameters["validation_share"], self.seed
        )
        hides = self.parameters["hide_known"] > 0
        source = Source(inputs, untold(inputs, self.feature_names) if hides else None)
        everything = np.arange(len(inputs))
        epochs = self.parameters["patience"]  # where the rows are too few to stop by
        if len(held.learn) and 0 < y_true[held.stop].sum() < len(held.stop):
            epochs = self._taught(source, (y_true, weights), held.learn, held.stop)[1]
        self.network_ = self._taught(source, (y_true, weights), everything, None, epochs)[0]
        self.network_.cpu().double().eval()
        return self

    def log_odds(self, inputs: GraphInputs) -> Float64:
        """Return raw log-odds (n,)."""
        return self.states(inputs)[:, 0]

    def states(self, inputs: GraphInputs) -> Float64:
        """Return (n, 1 + width): log-odds, then the state before the head."""
        network, parts = self._fitted(), [np.empty((0, 1 + self.width))]
        with one_thread(), torch.inference_mode():
            for some in inputs.chunks(CHUNK):
                batch = self.prepared_.batch(some, some.around(), torch.float64)
                parts.append(network.states(batch).numpy())
        return np.concatenate(parts)

    def contributions(self, inputs: GraphInputs) -> Float64:
        """Return Shapley values (n, len(reasons) + 1), exact over all coalitions; base last.

        An absent own row is one that is usual in all, an absent side has no transfer into the
        wallet, absent labels are unknown, an absent sequence is empty. The base is the score of
        a wallet without all of them.
        """
        return self._explained(inputs, transfers=False).contributions

    def explained(self, inputs: GraphInputs) -> Explained:
        """Return :meth:`contributions`, and raw log-odds without single transfers."""
        return self._explained(inputs, transfers=True)

    def taken_apart(self, inputs: GraphInputs, *, transfers: bool) -> Iterator[TakenApart]:
        """Yield states without some of :attr:`reasons` and, if asked, without single transfers.

        Of ``EXPLAINED`` rows at a time; ``row`` counts from the first of all.
        """
        network, first = self._fitted(), 0
        for some in inputs.chunks(EXPLAINED):
            with one_thread(), torch.inference_mode():
                drawn = some.drawn()
                batch = self.prepared_.batch(drawn, drawn.around(), torch.float64)
                told = drawn.told if transfers else NONE_TOLD
                apart = taken_apart(network, batch, self.reasons, told)
            yield apart._replace(row=apart.row + first)
            first += len(some)

    def _explained(self, inputs: GraphInputs, *, transfers: bool) -> Explained:
        parts = (
            Explained(shapley_values(apart.coalitions[:, :, 0]), apart.row, apart.without[:, 0])
            for apart in self.taken_apart(inputs, transfers=transfers)
        )
        return Explained.joined(parts, len(self.reasons))

    def save(self, directory: Path) -> None:
        """Write ``model.safetensors`` (weights) and ``model.json`` (architecture, scalers)."""
        network = self._fitted()
        save_file(network.state_dict(), directory / WEIGHTS)
        content = {
            "parameters": self.parameters,
            "seed": self.seed,
            "reads": self._reads(),
            "architecture": network.shape.to_json(),
            "prepared": self.prepared_.to_json(),
            "encoder": self.learnt_before_,
        }
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        (directory / SETTINGS).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        RiskError
            If the files do not hold such a network, or it reads the ledger otherwise.
        """
        try:
            content = read_json(directory / SETTINGS)
            if "neighbourhood_version" in content:
                raise RiskError(
                    f"{SETTINGS}: the network is of an earlier release, which merged transfers by "
                    "counterparty; this release reads single transfers: train it again"
                )
            model = cls(feature_names, seed=content["seed"], parameters=content["parameters"])
            require_reads(content["reads"], model._reads(), SETTINGS)
            model.prepared_ = Prepared.from_json(
                content["prepared"], len(feature_names), model._columns()
            )
            network = GraphNetwork(Architecture(**content["architecture"])).double()
            weights = load_file(directory / WEIGHTS)
            require_finite(WEIGHTS, {name: one.numpy() for name, one in weights.items()})
            network.load_state_dict(weights)
        except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            if isinstance(error, RiskError):
                raise
            raise RiskError(
                f"{WEIGHTS} and {SETTINGS} do not hold a {cls.kind} network: {error!r}"
            ) from error
        model.network_ = network.eval()
        model.learnt_before_ = content.get("encoder")
        return model

    def _taught(
        self,
        source: Source,
        labelled: tuple[NDArray[np.int8], Float64],
        rows: Int64,
        stop: Int64 | None,
        epochs: int | None = None,
    ) -> tuple[GraphNetwork, int]:
        """Teach a new network; return it and the epoch with the least loss on ``stop``."""
        given, inputs = self.parameters, source.inputs
        folder = self._encoder(int(inputs.as_of.max()))
        self.prepared_ = prepared = Prepared.fit(
            source, rows, self._columns(), None if folder is None else folder.scales
        )
        plan = Plan(
            self.seed, given["epochs"] if epochs is None else epochs, given["patience"],
            given["batch_rows"], given["learning_rate"], given["weight_decay"],
            given["hide_labels"], given["hide_known"],
        )  # fmt: skip
        bare = None if source.bare is None else torch.from_numpy(prepared.rows(source.bare))
        lesson = Lesson(
            source.batches(prepared), *labelled, rows, not source.is_held,
            None if bare is None else bare.float(),
        )  # fmt: skip
        kept = Checkpoint.of(
            {"kind": self.kind, "parameters": self.parameters, "plan": plan,
             "reads": self._reads(), "encoder": self.learnt_before_,
             "ledger": [inputs.ledger.n_transfers, inputs.ledger.last_time]},
            [inputs.features, inputs.codes, inputs.as_of, *inputs.labels, *labelled, rows,
             np.empty(0) if stop is None else stop],
        )  # fmt: skip
        with deterministic(self.seed):
            network = GraphNetwork(self._shape(prepared))
            if folder is not None:
                folder.require(network.shape, self._reads())
                folder.load_into(network.encoder)
            learn_degrees(network, source, rows)
            against = None if stop is None else lesson._replace(rows=stop)
            return network, learn(network, lesson, against, plan, kept)

    def _encoder(self, last: int) -> EncoderFolder | None:
        """Read what was learnt without labels; nothing after the last row may be in it."""
        if not self.parameters["encoder"]:
            return None
        folder = EncoderFolder.read(Path(self.parameters["encoder"]), self._columns())
        folder.require_before(last + 1)
        self.learnt_before_ = folder.record
        return folder

    def _shape(self, prepared: Prepared) -> Architecture:
        scales, given = prepared.scales, self.parameters
        return Architecture(
            self.kind, prepared.own_width, scales.node.width, scales.edge.width, len(scales.ages),
            scales.step.width, given["tower"], given["hidden"], len(self.fan_out),
            given["dropout"],
        )  # fmt: skip

    def _columns(self) -> Columns:
        return columns_of(NODE_VIEWS, scale_free=is_scale_free(self.feature_names))

    def _reads(self) -> dict[str, Any]:
        bucket = self.parameters["node_bucket_s"]
        return reads_of(NODE_VIEWS, bucket, scale_free=is_scale_free(self.feature_names))

    def _fitted(self) -> GraphNetwork:
        if self.network_ is None:
            raise RiskError("this graph network has not been fitted")
        return self.network_
