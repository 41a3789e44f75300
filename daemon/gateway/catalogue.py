"""Which models may be called, and how: the settings part of the gateway."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from daemon.gateway.pricing import FREE, Price

LOCAL_PREFIX = "ratchet/"
"""Models that ship with the daemon: no key, no network, no price."""


class ModelEntry(BaseModel):
    """One allowed model. Keys may also stay in the provider's own environment variable, which LiteLLM reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    """Any LiteLLM model name, such as `openai/gpt-4o-mini` or `hosted_vllm/qwen`; `*` matches any run of characters."""
    api_base: str | None = None
    """Address of an OpenAI-compatible server, for local ones."""
    api_key: SecretStr | None = None
    price: Price | None = None
    """Needed when LiteLLM's own table has none; 0 and 0 for a server of your own."""
    timeout_seconds: float = Field(300.0, gt=0, le=3600)


class Catalogue(BaseModel):
    """All allowed models besides the local ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[ModelEntry, ...] = ()

    def find(self, name: str) -> ModelEntry | None:
        """The entry of a model; local models always have one, priced at zero."""
        if name.startswith(LOCAL_PREFIX):
            return ModelEntry(name=name, price=FREE, timeout_seconds=60.0)
        return next((entry for entry in self.models if fnmatchcase(name, entry.name)), None)
