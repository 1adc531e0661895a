"""The model of one ledger: which answers, what its place holds by now, and the way back."""

import logging
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from features.contracts.times import instant_text
from features.errors import RiskError
from features.view import View
from serving.clock import now_us
from serving.ledger_settings import LedgerSettings
from serving.models.history import Change, History, How, change_facts
from serving.models.place import Found, files_stamp, place_of
from serving.records import Records, RecordsError
from serving.scoring.scorer import Scorer
from serving.scoring.self_check import check_model
from training.risk_model import RiskModel

ROOM = "walletrisk-model-"
PLACE = "its place"  # who changes a model where nobody asked for it: another is there
_log = logging.getLogger("walletrisk.models")


class RefusedError(RiskError):
    """A model that does not fit, or that cannot be had: the one before serves on."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the model that the place holds does not answer."""

    at_us: int
    reason: str
    mark: str | None
    bands: object

    def known(self, bands: object) -> list[str]:
        """Mark of a model that need not be looked at again while bands are as they were."""
        return [self.mark] if self.mark is not None and self.bands == bands else []

    def facts(self) -> dict[str, str]:
        """As :class:`serving.schemas.models.ModelRefusal`."""
        return {"at": instant_text(self.at_us), "reason": self.reason}


class Keeper:
    """Keeps one ledger's model; one change at a time.

    Parameters
    ----------
    name : str
        Of the ledger in the settings.
    house : LedgerSettings
    records : Records
    tracking_uri : str, optional
        MLflow store.
    views : tuple of View
        That models may read.

    Attributes
    ----------
    now : Scorer
        That answers; there from :meth:`start` on.
    refused : Refusal or None
    on_change : callable
        Gets the scorer that answers from now on, while no other change can be made.
    """

    now: Scorer

    def __init__(
        self,
        name: str,
        house: LedgerSettings,
        records: Records,
        tracking_uri: str | None,
        views: tuple[View, ...],
    ) -> None:
        self._house = house
        self._views = views
        self._place = place_of(house.model, tracking_uri)
        self._history = History(records, name)
        self._looking = threading.Lock()
        self._changing = threading.Lock()
        self._stamp: object = None
        self._mark = ""
        self._former: tuple[Scorer, str] | None = None
        self._pin: Change | None = None
        self.refused: Refusal | None = None
        self.on_change: Callable[[Scorer], None] = lambda _: None

    def start(self, scorer_of: Callable[[RiskModel], Scorer]) -> Scorer:
        """Load the model to begin with: that of the place, unless a rollback holds another.

        Where the place has none that can be used, the one that answered last does, if it is kept.

        Raises
        ------
        RiskError
            There is no model that fits.
        """
        last = self._history.last()
        if last is not None and last.place != self._house.model:
            last = None  # the settings name another one by now, which a rollback knew nothing of
        self._pin = last if last is not None and last.how == "rollback" else None
        found = self._first(scorer_of, last)
        if found is None and last is not None:
            found = self._last_one(scorer_of, last), last.mark
        self.now, self._mark = cast("tuple[Scorer, str]", found)  # without a last, it has raised
        version = self.now.model.version
        if last is None or last.version != version:
            before = ("", "") if last is None else (last.version, last.mark)
            self._history.add(
                self._change("start", self.now, self._mark, before, PLACE, ""), self.now.model
            )
        return self.now

    def _first(
        self, scorer_of: Callable[[RiskModel], Scorer], last: Change | None
    ) -> tuple[Scorer, str] | None:
        """Model of the place; None where it is set aside, or not to be had and there is a last."""
        stamp, set_aside = self._stamps(), () if self._pin is None else (self._pin.mark_before,)
        try:
            with tempfile.TemporaryDirectory(prefix=ROOM) as room:
                found = self._place.fetch(Path(room), set_aside)
                self._stamp = stamp
                if found.folder is None:
                    return None
                self._pin = None
                return scorer_of(RiskModel.load(found.folder, views=self._views)), found.mark
        except (RiskError, OSError) as error:
            if last is None:
                raise
            self._refuse(error, None)
            return None

    def _last_one(self, scorer_of: Callable[[RiskModel], Scorer], last: Change) -> Scorer:
        model = self._kept(last.version)
        if model is None:
            said = "" if self.refused is None else f"; {self.refused.reason}"
            raise RiskError(f"model {last.version}, which answered last, is not kept{said}")
        return scorer_of(model)

    def look(self, *, by: str | None = None) -> bool:
        """Let what the place holds by now answer, if it is another model.

        Parameters
        ----------
        by : str, optional
            Who asks for it; None: nobody, and what was seen or refused before is left alone.

        Returns
        -------
        bool
            Whether another model answers.

        Raises
        ------
        RefusedError
            There is another model, or none, and it cannot answer.
        RecordsError
            It could not be written down, and nothing changed.
        """
        with self._looking, tempfile.TemporaryDirectory(prefix=ROOM) as room:
            stamp = self._stamps()
            if by is None and stamp == self._stamp:
                return False
            try:  # which may take long, and holds up no rollback
                found = self._place.fetch(Path(room), self._known(asked=by is not None))
            except (RiskError, OSError) as error:
                self._stamp = None
                self._refuse(error, None)
                raise RefusedError(str(error)) from error
            with self._changing:
                self._stamp = stamp
                try:
                    if found.mark in self._known(asked=by is not None):
                        self._agree(found.mark, by or PLACE)
                        return False
                    return self._take(found, by or PLACE)
                except RecordsError:
                    self._stamp = None  # the next look tries again
                    raise
                except (RiskError, OSError) as error:
                    self._refuse(error, found.mark)
                    raise RefusedError(str(error)) from error

    def _known(self, *, asked: bool) -> list[str]:
        """Marks that are not looked at again."""
        known = [self._mark] if self._pin is None else [self._mark, self._pin.mark_before]
        if not asked and self.refused is not None:
            known += self.refused.known(self._bands_stamp())
        return known

    def _agree(self, mark: str, by: str) -> None:
        """The place holds the model that answers, or one that is known not to."""
        if mark == self._mark:
            self.refused = None
            if self._pin is not None:
                self._let_go(by, "its place holds the model that answers")

    def _take(self, found: Found, by: str) -> bool:
        now = self.now
        if found.folder is None:  # a rollback held it off until it was let go of just now
            self._stamp = None  # the next look fetches it
            return False
        model = RiskModel.load(found.folder, views=self._views)
        if model.version == now.model.version:
            self._mark = found.mark
            self._agree(found.mark, by)
            return False
        scorer = now.with_model(model, self._house.bands_of(model))
        check_model(scorer)
        before = now.model.version, self._mark
        change = self._change("reload", scorer, found.mark, before, by, "")
        self._history.add(change, now.model, model)
        self._former, self._pin, self.refused = (now, self._mark), None, None
        self._use(scorer, found.mark)
        return True

    def _use(self, scorer: Scorer, mark: str) -> None:
        self.now, self._mark = scorer, mark
        self.on_change(scorer)

    def rollback(self, *, by: str, why: str, version: str | None = None) -> None:
        """Go back to the model before, and hold it until it is let go or its place moves on.

        Parameters
        ----------
        by, why : str
            Are written down.
        version : str, optional
            Of the model that is to be left.

        Raises
        ------
        RiskError
            Another model answers by now, or none before it is kept.
        RecordsError
            It could not be written down, and nothing changed.
        """
        with self._changing:
            now = self.now.model.version
            if version not in (None, now):
                raise RiskError(f"model {now} answers, not {version}: nothing was changed")
            former, mark = self._before()
            change = self._change("rollback", former, mark, (now, self._mark), by, why)
            self._history.add(change, former.model)
            self._pin, self._former = change, None
            self._use(former, mark)

    def _before(self) -> tuple[Scorer, str]:
        if self._former is not None:
            return self._former
        last = self._history.last()
        model = None if last is None or last.how == "rollback" else self._kept(last.before)
        if last is None or model is None:
            raise RiskError(f"model {self.now.model.version} answers, none before it is kept")
        scorer = self.now.with_model(model, self._house.bands_of(model))
        check_model(scorer)
        return scorer, last.mark_before

    def release(self, *, by: str, why: str) -> None:
        """Let go of the model that a rollback went back to; what its place holds may answer.

        Raises
        ------
        RiskError
            None is held.
        RecordsError
            It could not be written down, and nothing changed.
        """
        with self._changing:
            if self._pin is None:
                raise RiskError(f"model {self.now.model.version} is not held by a rollback")
            self._let_go(by, why)
            self._stamp = None

    def _let_go(self, by: str, why: str) -> None:
        pin = self._pin
        before = ("", "") if pin is None else (pin.before, pin.mark_before)
        self._history.add(self._change("release", self.now, self._mark, before, by, why))
        self._pin = None

    def facts(self) -> dict[str, Any]:
        """As :class:`serving.schemas.models.LedgerModel`, without the ledger's name."""
        pin, refused = self._pin, self.refused
        return {
            **self.now.facts,
            "bands": self.now.bands["version"],
            "place": self._house.model,
            "mark": self._mark,
            "held": None if pin is None else change_facts(pin),
            "refused": None if refused is None else refused.facts(),
            "changes": [change_facts(one) for one in self._history.changes()],
        }

    @property
    def held(self) -> bool:
        """Whether a rollback holds the model."""
        return self._pin is not None

    def close(self) -> None:
        """Give up what is under way."""
        self._place.close()

    def _change(
        self, how: How, scorer: Scorer, mark: str, before: tuple[str, str], by: str, why: str
    ) -> Change:
        place, version = self._house.model, scorer.model.version
        return Change(now_us(), how, place, version, mark, *before, by, why)

    def _kept(self, version: str) -> RiskModel | None:
        with tempfile.TemporaryDirectory(prefix=ROOM) as room:
            folder = self._history.kept(version, Path(room))
            return None if folder is None else RiskModel.load(folder, views=self._views)

    def _refuse(self, error: Exception, mark: str | None) -> None:
        if self.refused is None or self.refused.reason != str(error):
            _log.error(
                "a model was refused, the one before serves on", extra={"reason": str(error)}
            )
        self.refused = Refusal(now_us(), str(error), mark, self._bands_stamp())

    def _stamps(self) -> object:
        return self._place.stamp(), self._bands_stamp()

    def _bands_stamp(self) -> object:
        return files_stamp(self._house.band_table)
