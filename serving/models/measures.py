"""Prometheus measures of the models that answer, and of challengers; no label holds a wallet."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# of log-odds; 0.7 doubles the odds
DIFFERENCES = (-5.0, -2.0, -1.0, -0.5, -0.2, -0.05, 0.05, 0.2, 0.5, 1.0, 2.0, 5.0)


class ModelMeasures:
    """Measures of models, in the registry of an application."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answering: dict[str, str] = {}
        self._models = Gauge(
            "walletrisk_model",
            "1 for the model that answers for a ledger.",
            ["ledger", "model_version"],
            registry=registry,
        )
        self._model_changes = Counter(
            "walletrisk_model_changes",
            "Models that took over, were refused, rolled back or let go.",
            ["ledger", "how"],
            registry=registry,
        )
        self._model_refused = Gauge(
            "walletrisk_model_refused",
            "1 while the place of the model holds one that cannot answer, or is out of reach.",
            ["ledger"],
            registry=registry,
        )
        self._model_held = Gauge(
            "walletrisk_model_held",
            "1 while a rollback holds the model, whatever its place holds.",
            ["ledger"],
            registry=registry,
        )
        self._shadow = Histogram(
            "walletrisk_shadow_log_odds_difference",
            "Log-odds of a challenger in shadow less those that were given out.",
            ["ledger"],
            buckets=DIFFERENCES,
            registry=registry,
        )
        self._shadow_bands = Counter(
            "walletrisk_shadow_bands",
            "Answers by their band and the one that a challenger in shadow puts them in.",
            ["ledger", "champion", "challenger"],
            registry=registry,
        )
        self._shadow_state = Gauge(
            "walletrisk_shadow",
            "Of a challenger in shadow: PSI of its scores, answers waiting, dropped, failed.",
            ["ledger", "what"],
            registry=registry,
        )

    def answers(self, ledger: str, version: str) -> None:
        """Say which model answers for a ledger from now on."""
        if ledger in self._answering:
            self._models.remove(ledger, self._answering[ledger])
        self._answering[ledger] = version
        self._models.labels(ledger, version).set(1)

    def states(self, ledger: str, refused: Callable[[], bool], held: Callable[[], bool]) -> None:
        """Show the state of a ledger's model, asked for when measures are read."""
        self._model_refused.labels(ledger).set_function(refused)
        self._model_held.labels(ledger).set_function(held)

    def change(self, ledger: str, how: str) -> None:
        """Count a change of a ledger's model, or one that was refused."""
        self._model_changes.labels(ledger, how).inc()

    def compared(
        self, ledger: str, differences: Iterable[float], bands: Iterable[tuple[str, str]]
    ) -> None:
        """Record what a challenger says of some answers."""
        observe = self._shadow.labels(ledger).observe
        for one in differences:
            observe(one)
        for pair in bands:
            self._shadow_bands.labels(ledger, *pair).inc()

    def shadow_state(self, ledger: str, what: str, count: Callable[[], float]) -> None:
        """Show a number of a shadow, asked for when measures are read."""
        self._shadow_state.labels(ledger, what).set_function(count)
