"""Ledgers, models and challengers, loaded together at the start."""

from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from features.errors import RiskError
from features.guests import all_views
from features.view import View
from serving.models.challenger import Challenger
from serving.models.keeper import Keeper
from serving.models.models import Models
from serving.models.shadow import Shadow
from serving.observability import Metrics
from serving.records import Records
from serving.scoring.opened import Opened
from serving.scoring.scorer import Scorer
from serving.service import Service
from serving.services import Services, told_apart
from serving.settings import Settings


def load_models(
    settings: Settings, records: Records, metrics: Metrics, *, views: tuple[View, ...] | None
) -> Models:
    """Load every ledger with its model.

    Parameters
    ----------
    settings : Settings
    records : Records
        Which know what answered last.
    metrics : Metrics
    views : tuple of View, optional
        As for :func:`serving.app.create_app`.

    Raises
    ------
    RiskError
        Something cannot be read, or its parts do not fit each other.
    """
    _require_folders_of_their_own(settings)
    chosen = all_views() if views is None else views
    services, keepers, challengers = [], [], {}
    with ExitStack() as opened:
        for name, house in settings.houses.items():
            ledger = Opened.read(house)
            keeper = Keeper(name, house, records, settings.tracking_uri, chosen)
            scorer = keeper.start(partial(Scorer.over, ledger, house, chosen))
            service = Service.load(name, house, settings, metrics, scorer)
            opened.callback(service.close)
            if house.challenger is not None:
                shadow = Shadow(service.name, metrics, house.shadow_share)
                service = replace(service, shadow=shadow)
                challenger = Challenger(house, settings.tracking_uri, chosen, shadow)
                challengers[service.name] = challenger
            services.append(service)
            keepers.append(keeper)
        models = Models(Services(told_apart(services)), keepers, challengers, metrics)
        opened.pop_all()
    return models


def _require_folders_of_their_own(settings: Settings) -> None:
    """Raise RiskError where two ledgers are one folder: each would lack the other's transfers."""
    names: dict[object, str] = {}
    for name, house in settings.houses.items():
        folder = house.ledger.resolve()
        if folder in names:
            raise RiskError(f"ledgers {names[folder]!r} and {name!r} are one folder, {folder}")
        names[folder] = name
