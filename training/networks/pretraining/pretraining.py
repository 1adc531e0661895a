"""Learning from wallets without labels on a whole ledger: :func:`pretrain`.

Few wallets of a ledger carry a label, and all of them go on to do something next. An encoder that
foretells what has seen how wallets behave before the first label is shown to it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch

from features.errors import RiskError
from features.past import NO_LABELS
from training.models.graph_network import NODE_VIEWS
from training.networks.learning.checkpoint import Checkpoint
from training.networks.learning.fit import deterministic
from training.networks.learning.loader import device, moved
from training.networks.network import Architecture
from training.networks.pretraining.encoder_folder import EncoderFolder
from training.networks.pretraining.next_transfer import Questions, draw_questions
from training.networks.pretraining.pretext import TASKS, Answers, Masked, Pretext
from training.networks.reading.batch import Batch
from training.networks.reading.prepared import Source, learn_degrees
from training.networks.reading.reads import columns_of, reads_of
from training.networks.reading.scales import Scales
from training.networks.reading.source import GraphInputs, Reading

if TYPE_CHECKING:
    from pathlib import Path

    from features.ledger import Ledger
    from features.progress import Advance
    from training.networks.pretraining.pretrain_config import PretrainConfig

SCALED_ON, HELD = 1024, 512  # questions that scales are learnt from, and that nothing is
STAGE = "pretraining"
_SCALING, _HELD, _LEARNING = range(3)  # parts of the seed


class Pretrained(NamedTuple):
    """What a pretraining gave.

    Attributes
    ----------
    folder
        Of the encoder.
    untaught, taught
        Losses by task on questions that nothing was learnt from, before and after; about 1 is
        knowing nothing.
    """

    folder: Path
    untaught: dict[str, float]
    taught: dict[str, float]

    def text(self) -> str:
        """Say it in lines."""
        lines = [f"encoder in {self.folder}", "loss by task, untaught and taught (1: no idea):"]
        told = zip(self.untaught.items(), self.taught.values(), strict=True)
        return "\n".join(lines + [f"  {name:<7}{was:6.3f} {now:6.3f}" for (name, was), now in told])


class _Asker(NamedTuple):
    """Draws questions of one ledger, and batches of them."""

    ledger: Ledger
    config: PretrainConfig
    reading: Reading

    def questions(self, size: int, *part: int) -> Questions:
        config = self.config
        return draw_questions(self.ledger, config.cut_off, size, (config.seed, *part))

    def inputs(self, asked: Questions) -> GraphInputs:
        own = np.empty((len(asked.codes), 0))
        return GraphInputs(own, self.ledger, asked.codes, asked.as_of, NO_LABELS, self.reading)


class _Learner(NamedTuple):
    """A network with all that turns questions into its losses."""

    asker: _Asker
    scales: Scales
    usual: tuple[float, float, float, float]
    network: Pretext

    def losses(self, asked: Questions, seed: int) -> torch.Tensor:
        """Return losses (5,); the seed says which transfers are hidden."""
        inputs = self.asker.inputs(asked)
        around = inputs.around()
        values = self.scales.values(around, inputs.features)
        batch = moved(Batch.of(values, around.subgraphs, torch.float32), device())
        masked = Masked.of(batch, torch.Generator().manual_seed(seed))
        answers = Answers(*(part.to(device()) for part in Answers.of(asked, self.usual)))
        return self.network.losses(batch, masked, answers)

    def told(self, asked: Questions) -> dict[str, float]:
        """Return the loss of each task without learning from it."""
        self.network.eval()
        with torch.no_grad():
            found = self.losses(asked, 0).tolist()
        return dict(zip(TASKS, found, strict=True))


def pretrain(config: PretrainConfig, ledger: Ledger, advance: Advance) -> Pretrained:
    """Teach an encoder what wallets do next, and write its folder.

    Parameters
    ----------
    config
        What it is and learns from.
    ledger
        That of the configuration, opened.
    advance
        Shows progress. What was learnt is kept beside ``out`` meanwhile; the same call goes on from
        there, to the same bits.

    Raises
    ------
    RiskError
        If ``out`` is there already, the ledger has too few wallets before the cut-off, or what was
        kept is damaged.
    """
    if config.out.exists():
        raise RiskError(f"out: {config.out} is there already; name another folder, or remove it")
    config.out.parent.mkdir(parents=True, exist_ok=True)
    reading = Reading(
        config.fan_out, config.draw, NODE_VIEWS, config.node_bucket_s, labels=False,
        steps=config.steps,
    )  # fmt: skip
    with deterministic(config.seed):
        learner = _learner(_Asker(ledger, config, reading))
        held = learner.asker.questions(HELD, _HELD)
        untaught = learner.told(held)
        _learn(learner, advance)
        taught = learner.told(held)
    if not np.isfinite(list(taught.values())).all():
        raise RiskError("the losses are not finite: lower learning_rate")
    scale_free = config.columns == "scale_free"
    record = {
        "cut_off": pd.Timestamp(config.as_of).isoformat(),
        "ledger": ledger.provenance.identity,
        "seed": config.seed,
        "updates": config.updates,
        "losses": {"untaught": untaught, "taught": taught},
    }
    weights = learner.network.cpu().encoder.state_dict()
    reads = reads_of(NODE_VIEWS, config.node_bucket_s, scale_free=scale_free)
    shape = learner.network.shape
    EncoderFolder(shape, reads, learner.scales, weights, record).write(config.out)
    kept = _kept(learner).file
    if kept is not None:
        kept.unlink(missing_ok=True)
    return Pretrained(config.out, untaught, taught)


def _learner(asker: _Asker) -> _Learner:
    """Learn the scales, and draw the weights."""
    config, asked = asker.config, asker.questions(SCALED_ON, _SCALING)
    source = Source(asker.inputs(asked))
    around = source.take(np.arange(SCALED_ON))[1]
    columns = columns_of(NODE_VIEWS, scale_free=config.columns == "scale_free")
    scales = Scales.fit(around, columns)
    shape = Architecture(
        kind=config.kind, own=0, node=scales.node.width, edge=scales.edge.width,
        ages=len(scales.ages), steps=scales.step.width if config.steps else 0,
        tower=config.tower, hidden=config.hidden, depth=len(config.fan_out),
        dropout=config.dropout,
    )  # fmt: skip
    network = Pretext(shape)
    learn_degrees(network, source, np.arange(SCALED_ON))
    gap, value = asked.gap, asked.value
    usual = (
        float(gap.mean()), float(gap.std()) or 1.0, float(value.mean()), float(value.std()) or 1.0,
    )  # fmt: skip
    return _Learner(asker, scales, usual, network.to(device()))


def _learn(learner: _Learner, advance: Advance) -> None:
    """Take all steps, or those that are left."""
    config, network, kept = learner.asker.config, learner.network, _kept(learner)
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    for step in range(kept.restore(network, optimiser) or 0, config.updates):
        asked = learner.asker.questions(config.batch_rows, _LEARNING, step)
        network.train()
        generator = np.random.default_rng((config.seed, _LEARNING, step, 1))
        dropping, hiding = (int(one) for one in generator.integers(2**62, size=2))
        torch.manual_seed(dropping)
        optimiser.zero_grad()
        losses = learner.losses(asked, hiding)
        torch.autograd.backward(losses.sum())
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        label = f"{STAGE}, loss {float(losses.detach().mean()):.3f}"
        advance(STAGE, step + 1, config.updates, label)
        if kept.is_due():
            kept.save(network, optimiser, step + 1)


def _kept(learner: _Learner) -> Checkpoint:
    """Say where what was learnt is kept meanwhile; another configuration has a file of its own."""
    config, ledger = learner.asker.config, learner.asker.ledger
    told = config.model_dump_json(exclude={"ledger", "out"})
    text = f"{told} {ledger.provenance.identity} {ledger.n_transfers}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Checkpoint(config.out.with_name(f"{config.out.name}.learning-{digest}.safetensors"))
