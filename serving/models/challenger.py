"""The challenger of one ledger: loaded where it is, and again when another one is there."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from features.errors import RiskError
from features.view import View
from serving.clock import now_us
from serving.ledger_settings import LedgerSettings
from serving.models.keeper import ROOM, Refusal
from serving.models.place import files_stamp, place_of
from serving.models.shadow import Shadow
from serving.scoring.scorer import Scorer
from serving.scoring.self_check import check_model
from training.risk_model import RiskModel

NO_CHALLENGER: dict[str, Any] = {
    "place": None, "mark": None, "challenger": None, "refused": None, "share": 0.0, "waiting": 0,
    "dropped": 0, "failed": 0, "comparison": None,
}  # fmt: skip
_log = logging.getLogger("walletrisk.models")


class Challenger:
    """Keeps a shadow's challenger.

    Parameters
    ----------
    house : LedgerSettings
        Whose challenger is set.
    tracking_uri : str, optional
        MLflow store.
    views : tuple of View
        That it may read.
    shadow : Shadow
    """

    def __init__(
        self,
        house: LedgerSettings,
        tracking_uri: str | None,
        views: tuple[View, ...],
        shadow: Shadow,
    ) -> None:
        self._house = house
        self._views = views
        self.shadow = shadow
        self._place = place_of(str(house.challenger), tracking_uri)
        self._stamp: object = None
        self._mark = ""
        self.refused: Refusal | None = None

    def look(self, champion: Scorer) -> None:
        """Load what the place holds, if it is another model; one that does not fit is refused."""
        bands = files_stamp(self._house.band_table)
        stamp = self._place.stamp(), bands
        if stamp == self._stamp:
            return
        refused, mark = self.refused, None
        known = [self._mark] if refused is None else [self._mark, *refused.known(bands)]
        try:
            with tempfile.TemporaryDirectory(prefix=ROOM) as room:
                found = self._place.fetch(Path(room), known)
                mark = found.mark
                if found.folder is not None:
                    self.shadow.challenger = self._loaded(champion, found.folder)
                    self._mark = mark
            if mark == self._mark:
                self.refused = None
        except (RiskError, OSError) as error:
            if refused is None or refused.reason != str(error):
                _log.error("a challenger was refused", extra={"reason": str(error)})
            self.refused = Refusal(now_us(), str(error), mark, bands)
        self._stamp = None if mark is None else stamp  # what was out of reach is asked again

    def _loaded(self, champion: Scorer, folder: Path) -> Scorer:
        model = RiskModel.load(folder, views=self._views)
        challenger = champion.with_model(model, self._house.bands_of(model))
        check_model(challenger)
        return challenger

    def facts(self) -> dict[str, Any]:
        """As :class:`serving.schemas.shadow.ShadowAnswer`, without the ledger's name."""
        challenger, refused = self.shadow.challenger, self.refused
        return {
            "place": self._house.challenger,
            "mark": self._mark or None,
            "challenger": None if challenger is None else challenger.facts,
            "refused": None if refused is None else refused.facts(),
            **self.shadow.facts(),
        }

    def close(self) -> None:
        """Give up what is under way."""
        self._place.close()
        self.shadow.close()
