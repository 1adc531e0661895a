"""What the endpoint must be told: its ledgers with their models, its records, and limits."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, IPvAnyNetwork, StringConstraints, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url

from features.contracts.received import suggest
from features.errors import RiskError
from serving.ledger_settings import (
    Bands,
    BesideLedger,
    LedgerSettings,
    ModelPlace,
    beside,
    database_beside,
)
from serving.log import Level

PREFIX = "WALLETRISK_"
OTHERS = ("WALLETRISK_DATA",)  # variables of that prefix that are not the endpoint's
# small letters, because names of variables have none
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
_ONE_OF_SEVERAL = re.compile(rf"{PREFIX}LEDGERS__[A-Z0-9](?:_?[A-Z0-9.-])*__(?P<rest>.+)")


class Settings(BesideLedger, BaseSettings):
    """Settings of the endpoint; each can come from the environment as ``WALLETRISK_<NAME>``.

    Those of :class:`serving.ledger_settings.LedgerSettings` stand here for the only ledger, or in
    ``ledgers`` for each of several.

    Parameters
    ----------
    ledgers : dict of str to LedgerSettings
        Several ledgers by the name that requests may call them by;
        ``WALLETRISK_LEDGERS__<NAME>__MODEL`` and so on.
    records : str, optional
        SQLAlchemy URL of what is written down beside the ledger; default: SQLite beside its folder,
        or that of the first of several.
    tracking_uri : str, optional
        MLflow store of registered models; default: ``MLFLOW_TRACKING_URI``.
    model_poll_s : float
        How often to look whether another model is to answer.
    audit : {"relaxed", "strict", "off"}
        Whether an answer is in the audit soon after it is given, before it is, or never.
    audit_folder : Path, optional
        Folder of the audit; default: beside the (first) ledger's.
    audit_keep_days : float, optional
        After which records of the audit go; default: never.
    checkpoint_rows : int
        Entries in the journal after which it is folded into the ledger's folder.
    keep_keys_s : float
        How long an answer is given again to a request with the same ``Idempotency-Key``.
    watch_debounce_s : float
        How long changes of watched wallets are gathered before they are scored again.
    watch_every_s : float
        After which all watched wallets are scored again.
    webhook_networks : tuple of str
        Networks that webhooks may go to beside public addresses, parted by commas in the
        environment, such as ``10.1.0.0/16,127.0.0.0/8``.
    webhook_attempts : int
        After which a webhook is a dead letter; twelve take about thirty hours.
    webhook_timeout_s : float
        For one attempt.
    max_ahead_s : int
        Transfers dated later than so many seconds after the server's clock are refused.
    max_body_bytes : int
        Largest request body accepted.
    max_bytes_in_flight : int
        Of all bodies in work, half of them for one address.
    max_connections : int
        Open at once; fewer where the system allows this process fewer files.
    head_timeout_s, body_timeout_s, answer_timeout_s : float
        In which the head of a request, and its body, must come, and its answer be taken.
    shutdown_s : float
        How long requests in work may take to end after SIGTERM or SIGINT.
    hosts : tuple of str
        Names that the endpoint is called by, parted by commas in the environment, beside
        ``localhost``, this machine's own name, the address it listens on, and addresses in digits.
        ``*`` allows any: for a proxy that checks them itself.
    no_keys : bool
        Answer programs of this machine without a key; nothing that came through a proxy.
    least_free_bytes : int
        Room on each disk that is written to, below which the endpoint is not ready.
    log_level : str
        From which level on events are logged: ``debug``, ``info`` (a line a request), ``warning``
        or ``error``.
    jobs : Path, optional
        Folder of the files of jobs; default: beside the records, or beside the first ledger where
        these are no file.
    max_job_bytes : int
        Largest list that a job may have.
    keep_jobs_s : float
        How long a job that ended is kept.
    rate_per_s : float, optional
        Wallets a second that a key may ask about, where it has no limit of its own.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    ledger: Path | None = None
    model: ModelPlace | None = None
    ledgers: dict[Name, LedgerSettings] = {}
    records: str | None = None
    tracking_uri: str | None = None
    model_poll_s: float = Field(default=60, gt=0, allow_inf_nan=False)
    audit: Literal["off", "relaxed", "strict"] = "relaxed"
    audit_folder: Path | None = None
    audit_keep_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    checkpoint_rows: int = Field(default=50_000, gt=0)
    keep_keys_s: float = Field(default=86_400, gt=0, allow_inf_nan=False)
    watch_debounce_s: float = Field(default=2, ge=0, allow_inf_nan=False)
    watch_every_s: float = Field(default=86_400, gt=0, allow_inf_nan=False)
    webhook_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    webhook_attempts: int = Field(default=12, ge=1, le=100)
    webhook_timeout_s: float = Field(default=10, gt=0, le=60, allow_inf_nan=False)
    max_ahead_s: int = Field(default=7_200, ge=0)  # clocks of blocks are ahead by up to two hours
    max_body_bytes: int = Field(default=8 * 1024 * 1024, gt=0)
    max_bytes_in_flight: int = Field(default=64 * 1024 * 1024, gt=0)
    max_connections: int = Field(default=1_000, gt=0)
    head_timeout_s: float = Field(default=10, gt=0, allow_inf_nan=False)
    body_timeout_s: float = Field(default=30, gt=0, allow_inf_nan=False)
    answer_timeout_s: float = Field(default=30, gt=0, allow_inf_nan=False)
    shutdown_s: float = Field(default=8, ge=0, allow_inf_nan=False)
    jobs: Path | None = None
    max_job_bytes: int = Field(default=256 * 1024 * 1024, gt=0)
    keep_jobs_s: float = Field(default=7 * 86_400, gt=0, allow_inf_nan=False)
    hosts: Annotated[tuple[str, ...], NoDecode] = ()
    no_keys: bool = False
    least_free_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    log_level: Level = "warning"
    rate_per_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @field_validator("hosts", "webhook_networks", mode="before")
    @classmethod
    def _parted(cls, given: object) -> object:
        """Names out of a text such as ``risk.example, risk``."""
        if isinstance(given, str):
            return tuple(name.strip() for name in given.split(",") if name.strip())
        return given

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, given: Any) -> Any:
        """Raise for a variable that sets nothing: a limit misspelt is no limit."""
        known = [f"{PREFIX}{name}".upper() for name in cls.model_fields]
        of_ledger = [
            *LedgerSettings.model_fields,
            *(f"bands__{name}" for name in Bands.model_fields),
        ]
        nested = [f"{PREFIX}{name}".upper() for name in of_ledger]
        for name in os.environ:
            several = _ONE_OF_SEVERAL.fullmatch(name.upper())
            said = name.upper() if several is None else PREFIX + several["rest"]
            if said.startswith(PREFIX) and said not in (*known, *nested, *OTHERS):
                likely = suggest(said, [*known, *nested])
                raise ValueError(
                    f"variable {name} is no setting{likely}; allowed: {', '.join(known)}"
                )
        return given

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        set_for_one = sorted(set(LedgerSettings.model_fields) & self.model_fields_set)
        if self.ledgers and set_for_one:
            raise ValueError(
                f"there are several ledgers ({', '.join(self.ledgers)}), and each has settings of "
                f"its own: put {', '.join(set_for_one)} there"
            )
        missing = [name for name in ("ledger", "model") if getattr(self, name) is None]
        if not self.ledgers and missing:
            raise ValueError(
                f"{' and '.join(missing)} must be set, or several ledgers, each with a name, a "
                "ledger and a model"
            )
        return self

    @property
    def houses(self) -> dict[str, LedgerSettings]:
        """Each ledger with what stands beside it, by name; the only one has the name ``""``."""
        if self.ledgers:
            return dict(self.ledgers)
        own = {name: getattr(self, name) for name in LedgerSettings.model_fields}
        return {"": LedgerSettings(**own)}

    @property
    def only(self) -> LedgerSettings:
        """The only ledger; raises RiskError where there are several."""
        found = list(self.houses.values())
        if len(found) > 1:
            raise RiskError(f"there are several ledgers: {', '.join(self.houses)}; name one")
        return found[0]

    @property
    def records_url(self) -> str:
        """URL of the records, the default filled in."""
        first = self._first_ledger
        return database_beside(first, "records") if self.records is None else self.records

    @property
    def jobs_folder(self) -> Path:
        """Folder of the files of jobs, the default filled in."""
        if self.jobs is not None:
            return self.jobs
        file = _file_of(self.records_url)
        return beside(self._first_ledger, "jobs") if file is None else file.with_suffix(".jobs")

    @property
    def audit_place(self) -> Path:
        """Folder of the audit, the default filled in."""
        first = self._first_ledger
        return beside(first, "audit") if self.audit_folder is None else self.audit_folder

    @property
    def folders(self) -> dict[str, Path]:
        """Folders that are written to while serving, by what lies there."""
        found, urls = {}, {"records": self.records}
        for name, house in self.houses.items():
            prefix = f"{name} " if name else ""
            found[f"{prefix}ledger"] = house.ledger.parent
            urls[f"{prefix}journal"] = house.journal
        for what, url in urls.items():
            file = None if url is None else _file_of(url)
            if file is not None:
                found[what] = file.parent
        if self.audit != "off":
            found["audit"] = self.audit_place
        return found

    @property
    def _first_ledger(self) -> Path:
        return next(iter(self.houses.values())).ledger


def _file_of(url: str) -> Path | None:
    """File of a database; None of one that is a server."""
    named = make_url(url)
    return Path(named.database) if named.get_backend_name() == "sqlite" and named.database else None
