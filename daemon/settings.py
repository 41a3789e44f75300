"""Settings of the daemon: defaults, then `ratchet.toml` in the working folder, then `RATCHET_*` in the environment."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from daemon.gateway.catalogue import Catalogue, ModelEntry
from daemon.records.outside import place_of
from daemon.records.retention import SHORTEST_DAYS, USUAL_DAYS

CHECKOUT = Path(__file__).resolve().parent.parent


class BadSettings(Exception):
    """A setting is unknown or of the wrong type; the message names it."""


class Settings(BaseSettings):
    """One object, read once at start. Paths may be relative to the working folder."""

    model_config = SettingsConfigDict(env_prefix="RATCHET_", toml_file="ratchet.toml", extra="forbid", frozen=True)

    state: Path = CHECKOUT / ".ratchet"
    """Everything durable: databases, archive, audit log, keys. Back this folder up."""
    targets: Path = CHECKOUT / "kernels"
    policies: Path = CHECKOUT / "policies"
    agent: Path = CHECKOUT / "daemon" / "agent"
    """The genome that proposes until another is promoted."""
    scripts: Path = CHECKOUT / "daemon" / "gateway" / "scripts"
    """Answers of the models `ratchet/scripted/<name>`; those in the state folder's `scripts/` come first."""

    temporal_address: str = ""
    """`host:port` of your own Temporal server. Empty: an embedded one is started."""
    temporal_namespace: str = "default"
    temporal_port: int = Field(7233, ge=0, le=65535)
    """Port of the embedded server; 0 picks a free one."""
    temporal_ui_port: int = Field(8233, ge=-1, le=65535)
    """Port of the embedded server's page; 0 picks a free one, -1 turns it off."""

    encrypt_payloads: bool = False
    """Whether what Temporal keeps of a campaign is sealed with a key of the state folder (`keys/payload`)."""

    opa_url: str = ""
    """Your own OPA server. Empty: an embedded one is started and follows the policies folder."""
    opa_token: str = ""
    opa_bin: str = ""
    """Path of the `opa` program; empty looks in the state folder, then on PATH."""

    docker_url: str = "unix:///var/run/docker.sock"
    """The engine's endpoint. The Docker CLI's context is never followed."""
    image: str = ""
    """Name of the sandbox image; empty is the one that `make setup` builds."""
    host_root: Path = Path("/")
    """Where the host's /sys, /proc and /dev are: elsewhere only for a daemon that sees them in another place."""
    measure_cpus: str = ""
    """CPUs that measurements are pinned to, one slot for each, like `2,3`. Empty: the last CPU."""
    propose_slots: int = Field(4, ge=1, le=64)
    """Agents that may run at the same time."""

    database_url: str = ""
    """SQLAlchemy URL of the records. Empty: SQLite in the state folder."""

    checkpoint_target: str = ""
    """Where signed checkpoints of the audit log go besides: `file:/path`, `git:URL`, `command:words`."""
    audit_retention_days: int = Field(USUAL_DAYS, ge=SHORTEST_DAYS)
    """Audit records younger than this are never pruned."""

    target_checks: str = ""
    """Folder for the results of target checks, which several states may share. Empty: in the state folder."""

    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(9464, ge=0, le=65535)
    sdk_metrics_port: int = Field(9465, ge=0, le=65535)
    """Port of Temporal's own metrics; 0 turns them off."""

    models: tuple[ModelEntry, ...] = ()
    """Models that campaigns may ask for besides the local ones (`ratchet/...`): `[[models]]` tables in the file."""
    model_calls: int = Field(4, ge=1, le=64)
    """Most calls that one candidate may make."""
    model_tokens: int = Field(16_384, ge=256)
    """Most tokens that one answer may have."""

    shutdown_seconds: float = Field(25.0, ge=1.0, le=600.0)
    """How long SIGTERM waits for running steps before it cancels them; Temporal retries those."""
    log_level: str = "INFO"

    @field_validator("checkpoint_target")
    @classmethod
    def _known_place(cls, value: str) -> str:
        if value:
            place_of(value, Path())
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @classmethod
    def load(cls, **overrides: object) -> Settings:
        """Read all sources. Raises BadSettings, naming each wrong setting."""
        try:
            settings = cls(**overrides)  # type: ignore[arg-type]
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
            raise BadSettings(f"bad settings: {wrong}. See the table in README.md, and ratchet.toml") from None
        except ValueError as error:
            raise BadSettings(f"ratchet.toml cannot be read: {error}") from None
        return settings

    @property
    def given_temporal(self) -> str:
        """Address of a server that is not ours to start; the Temporal CLI's own variable counts too."""
        return self.temporal_address or os.environ.get("TEMPORAL_ADDRESS", "")

    @property
    def catalogue(self) -> Catalogue:
        """All allowed models."""
        return Catalogue(models=self.models)

    @property
    def home(self) -> Path:
        """The state folder, absolute."""
        return self.state.resolve()

    @property
    def signers(self) -> Path:
        """Whose signatures count: OpenSSH's allowed-signers file, which only people edit."""
        return self.home / "keys" / "allowed_signers"

    @property
    def payload_keys(self) -> Path:
        """The keys that Temporal's payloads are sealed with: a line for each, the newest first."""
        return self.home / "keys" / "payload"

    @property
    def database(self) -> str:
        """URL of the records."""
        return self.database_url or f"sqlite:///{self.home / 'records.db'}"

    @property
    def checks(self) -> Path:
        """Where the results of target checks are kept."""
        return Path(self.target_checks).resolve() if self.target_checks else self.home / "checks"

    @property
    def measuring(self) -> tuple[str, ...]:
        """One CPU number for each measuring slot. The last CPU by default: the first ones serve the daemon."""
        if self.measure_cpus:
            return tuple(part.strip() for part in self.measure_cpus.split(",") if part.strip())
        cpus = sorted(os.sched_getaffinity(0))
        return (str(cpus[-1]),)
