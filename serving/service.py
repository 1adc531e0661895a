"""What is loaded once and answers all requests."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.contracts.times import require_past
from features.errors import RiskError
from features.trails.flow import Flow
from features.warmup import compile_once
from serving.audit.entries import Position
from serving.checkpoints import Checkpoints
from serving.clock import text_of
from serving.corrections import Corrections, bring_up
from serving.intake import Intake
from serving.journal import Journal
from serving.ledger_settings import LedgerSettings
from serving.models.shadow import Shadow
from serving.observability import Metrics
from serving.schemas import requests
from serving.schemas.values import microseconds
from serving.scoring.evidence import Evidence
from serving.scoring.many import Plain, told_many
from serving.scoring.scorer import Scorer
from serving.scoring.self_check import check_itself
from serving.scoring.supposing import supposed_transfers
from serving.settings import Settings

UNNAMED = "ledger"  # the only one, of no chain


class Told(NamedTuple):
    """An answer before it has an id.

    Attributes
    ----------
    content : dict
        As :class:`serving.schemas.answers.WalletScore`.
    wallet : str
        In canonical spelling.
    as_of : int, microseconds since 1970 UTC
    values : float64 array
        The features that it was computed from, named by ``Scorer.columns``.
    position : Position
        Where the ledger stood.
    """

    content: dict[str, Any]
    wallet: str
    as_of: int
    values: npt.NDArray[np.float64]
    position: Position


@dataclass(frozen=True, slots=True)
class Service:
    """Scorer and intake over one ledger, and what they report to.

    Another model makes another of these: whoever has one, has one version.

    Attributes
    ----------
    chain : str or None
        What requests and answers call the ledger by: its chain, or its name where two are of one.
    name : str
        Of the ledger, in measures and settings.
    """

    scorer: Scorer
    intake: Intake
    corrections: Corrections
    checkpoints: Checkpoints
    journal: Journal
    metrics: Metrics
    chain: str | None
    name: str
    shadow: Shadow | None = None

    @classmethod
    def load(
        cls,
        name: str,
        house: LedgerSettings,
        settings: Settings,
        metrics: Metrics,
        scorer: Scorer,
    ) -> "Service":
        """Replay a ledger's journal, and check what answers by it.

        Parameters
        ----------
        name : str
            Of the ledger; empty for the only one, which is called by its chain.
        house : LedgerSettings
        settings : Settings
            What holds for all ledgers.
        metrics : Metrics
        scorer : Scorer
            Over the ledger as its folder has it.

        Raises
        ------
        RiskError
            The journal cannot be read, or does not fit the ledger.
        """
        held = scorer.held
        chain = _chain(house.chain, held.ledger.chain)
        journal = Journal(house.journal_url)
        try:
            bring_up(journal, held.ledger, held)
            intake = Intake(held, journal, max_ahead_s=settings.max_ahead_s)
            corrections = Corrections(held, journal, intake)
            compile_once()
            check_itself(scorer)
        except BaseException:
            journal.close()
            raise
        called = name or chain or UNNAMED
        metrics.watch(called, journal)
        metrics.age(called, lambda: held.freshness(held.ledger.last_time, intake.now_us()).age_s)
        checkpoints = Checkpoints(journal, corrections, house.ledger)
        checkpoints.start(settings.checkpoint_rows, partial(metrics.checkpoint, called))
        return cls(scorer, intake, corrections, checkpoints, journal, metrics, chain, called)

    def close(self) -> None:
        """Stop the checkpoints and let go of the journal."""
        self.checkpoints.close()
        self.journal.close()

    def ledger_facts(self) -> dict[str, Any]:
        """Say which ledger it is, as :class:`serving.schemas.ledgers.LedgerAnswer`."""
        scorer, held = self.scorer, self.scorer.held
        last_time = held.ledger.last_time
        return {
            "name": self.name,
            "chain": self.chain,
            "unit": held.ledger.unit,
            "transfers": held.ledger.n_transfers,
            "wallets": held.ledger.n_wallets,
            "last_timestamp": text_of(last_time),
            "labels": held.labels is not None,
            "clusters": scorer.clusters is not None,
            "journal_entries": self.journal.held,
            "model_version": scorer.model.version,
            "bands": scorer.bands["version"],
        }

    def told(self, asked: requests.ScoreRequest) -> Told:
        """Answer one request, see :class:`serving.answering.Answering`.

        Raises
        ------
        RiskError
            ``as_of`` lies in the future, the wallet is no address of the ledger's chain, or
            ``context`` names a column that the model does not read; or its entity is asked for
            where no clusters are loaded, or a transfer cannot be supposed.
        """
        started = time.perf_counter()
        wallet, as_of = self._question(asked)
        journal_seq = self.journal.last_seq
        said, evidence = self.scorer.told(
            wallet,
            as_of,
            context=asked.context,
            reasons="reasons" in asked.include,
            groups="groups" in asked.include,
            exposure="exposure" in asked.include,
            level=asked.level,
            transfers=supposed_transfers(asked.transfers, as_of, self.scorer.held.address),
        )
        outcome = "supposed" if asked.transfers else said["status"]
        self._measured(outcome, said, evidence, time.perf_counter() - started)
        return self._placed(said, wallet, as_of, evidence, journal_seq)

    def tells_many(self, asked: requests.ScoreRequest) -> bool:
        """Whether a question may be one of :meth:`told_many`: about a wallet as things are."""
        return asked.level == "wallet" and not asked.transfers and "exposure" not in asked.include

    def told_many(self, asked: Sequence[requests.ScoreRequest]) -> list[Told | RiskError]:
        """Answer several as :meth:`told` does, with less work; see :mod:`serving.scoring.many`."""
        started, journal_seq = time.perf_counter(), self.journal.last_seq
        questions = [self._plain(one) for one in asked]
        plain = [one for one in questions if isinstance(one, Plain)]
        answers = [*told_many(self.scorer, plain)]
        seconds = (time.perf_counter() - started) / max(1, len(plain))
        told: list[Told | RiskError] = []
        left = iter(zip(plain, answers, strict=True))
        for one in questions:
            if isinstance(one, RiskError):
                told.append(one)
                continue
            question, (said, evidence) = next(left)
            self._measured(said["status"], said, evidence, seconds)
            told.append(self._placed(said, question.wallet, question.as_of, evidence, journal_seq))
        return told

    def _plain(self, asked: requests.ScoreRequest) -> Plain | RiskError:
        reasons, groups = "reasons" in asked.include, "groups" in asked.include
        try:
            wallet, as_of = self._question(asked)
            return self.scorer.plain(wallet, as_of, asked.context, reasons=reasons, groups=groups)
        except RiskError as error:
            return error

    def _measured(
        self, outcome: str, said: dict[str, Any], evidence: Evidence, seconds: float
    ) -> None:
        whose = self.name, self.scorer.model.version
        self.metrics.score(whose, outcome, said["probability"], seconds)
        for stage, took in evidence.seconds.items():
            self.metrics.stage(stage, self.scorer.model.version, took)

    def _placed(
        self, said: dict[str, Any], wallet: str, as_of: int, evidence: Evidence, journal_seq: int
    ) -> Told:
        position = Position(
            self.scorer.held.ledger.provenance.identity,
            self.journal.identity,
            journal_seq,
            evidence.transfers,
            evidence.retractions,
        )
        content = {"wallet": self._named(wallet), **said}
        return Told(content, wallet, as_of, evidence.values, position)

    def audited(self) -> dict[str, Any]:
        """What an auditor must know to read the features of a record."""
        scorer = self.scorer
        return {
            "name": self.name,
            "chain": self.chain,
            "ledger": scorer.held.ledger.provenance.identity,
            **scorer.facts,
            "base_rate": scorer.model.base_rate,
            "bands": scorer.bands,
            "columns": list(scorer.columns),
        }

    def trace(self, asked: requests.TraceRequest) -> dict[str, Any]:
        """Answer one request as :class:`serving.schemas.answers.WalletTrace`, but its request.

        Raises as :meth:`told` does.
        """
        started = time.perf_counter()
        wallet, as_of = self._question(asked)
        if asked.direction is None:
            said = self.scorer.tracer.trace(wallet, as_of)
        else:
            said = self.scorer.tracer.follow(
                wallet, as_of, direction=asked.direction, to=asked.to, share=asked.share
            )
        self.metrics.trace(self.name, said["status"], time.perf_counter() - started)
        return {"wallet": self._named(wallet), **said}

    def address(self, wallet: str | requests.Wallet) -> str:
        """Canonical spelling of a wallet of this chain; raises RiskError where it is none."""
        return self.scorer.held.address(requests.address_of(wallet))

    def flow(self, asked: requests.TraceRequest) -> Flow:
        """What :meth:`trace` answers with as ``flow``, before it is text: for a picture.

        Raises as :meth:`trace` does, or where no direction is asked for.
        """
        wallet, as_of = self._question(asked)
        if asked.direction is None:
            raise RiskError("a flow has a direction: backward or forward")
        return self.scorer.tracer.flow(wallet, as_of, direction=asked.direction, share=asked.share)

    def _question(self, asked: requests.WalletQuestion) -> tuple[str, int]:
        """Address and instant that a request asks about."""
        now = self.intake.now_us()
        as_of = now if asked.as_of is None else microseconds(asked.as_of)
        require_past(as_of, now=now)
        return self.address(asked.wallet), as_of

    def _named(self, wallet: str) -> dict[str, str | None]:
        return {"address": wallet, "chain": self.chain}


def _chain(named: str | None, of_ledger: str) -> str | None:
    """Chain that the endpoint serves: the ledger's, or what the settings name where it has none.

    Raises
    ------
    RiskError
        They are two.
    """
    if named and of_ledger and named != of_ledger:
        raise RiskError(f"the settings name the chain {named!r}, the ledger is of {of_ledger!r}")
    return of_ledger or named
