"""The only importer of LiteLLM: one attempt at one completion, with nothing of LiteLLM's own left switched on.

Importing it takes about three seconds and 165 MB, so it happens on first use; `warm` does it early, in the background.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from daemon.gateway.catalogue import LOCAL_PREFIX, Catalogue, ModelEntry
from daemon.gateway.errors import ProviderFault, Refusal, classify
from daemon.gateway.grants import Grant
from daemon.gateway.local import LocalCall, LocalFault, answer, embedded
from daemon.gateway.ports import Completion
from daemon.gateway.pricing import Price
from daemon.gateway.requests import Effective

_MAX_ANSWER_CHARS = 2_000_000
_lock = threading.Lock()
_loaded: Any = None


def _litellm() -> Any:
    """LiteLLM, imported once and configured before anyone can use it."""
    global _loaded
    with _lock:
        if _loaded is None:
            # Without it, the import fetches a price table from the network, and prices change under a campaign.
            os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
            import litellm

            litellm.telemetry = False
            litellm.num_retries = 0
            litellm.drop_params = False
            litellm.suppress_debug_info = True
            litellm.cache = None
            litellm.callbacks = []
            litellm.success_callback = []
            litellm.failure_callback = []
            logging.getLogger("LiteLLM").setLevel(logging.ERROR)
            litellm.custom_provider_map = [
                {"provider": LOCAL_PREFIX.rstrip("/"), "custom_handler": _local_handler(litellm)}
            ]
            _loaded = litellm
    return _loaded


def _local_handler(litellm: Any) -> Any:
    """The models that ship with the daemon, as a LiteLLM custom provider."""

    class Local(litellm.CustomLLM):  # type: ignore[misc]  # the base is untyped, since LiteLLM is imported lazily
        def completion(self, model: str, messages: list[Any], model_response: Any, **given: Any) -> Any:
            facts = given["litellm_params"]["metadata"]["ratchet"]
            seed = int(given["optional_params"].get("seed", 0))
            call = LocalCall(model=model, messages=messages, seed=seed, **facts)
            try:
                text = answer(call)
            except LocalFault as fault:
                raise litellm.BadRequestError(str(fault), model=model, llm_provider="ratchet") from fault
            tokens_in = _estimate("".join(message["content"] for message in messages))
            tokens_out = _estimate(text)
            model_response.choices[0].message.content = text
            model_response.usage = litellm.Usage(
                prompt_tokens=tokens_in, completion_tokens=tokens_out, total_tokens=tokens_in + tokens_out
            )
            return model_response

    return Local()


def _estimate(text: str) -> int:
    """Tokens where nobody counts them, as for the local models: four characters are one."""
    return len(text) // 4 + 1


class LiteLLMProvider:
    """Implements `ports.Provider`."""

    def __init__(self, catalogue: Catalogue, scripts: Sequence[Path] = ()) -> None:
        self._catalogue = catalogue
        self._scripts = tuple(scripts)

    def warm(self) -> threading.Thread:
        """Import LiteLLM in a background thread; returns the thread."""
        thread = threading.Thread(target=_litellm, name="litellm-import", daemon=True)
        thread.start()
        return thread

    def price(self, model: str) -> Price | None:
        """See `ports.Provider.price`. A zero in LiteLLM's table means that nobody filled it in: unknown."""
        entry = self._entry(model)
        if entry.price is not None:
            return entry.price
        known = _litellm().model_cost
        row = known.get(model) or known.get(model.partition("/")[2])
        return _table_price(row) if row else None

    def complete(self, request: Effective, grant: Grant, call: int) -> Completion:
        """See `ports.Provider.complete`."""
        entry = self._entry(request.model)
        if request.kind == "embedding":
            return self._embedding(request, entry)
        litellm = _litellm()
        options: dict[str, Any] = {**request.parameters, "max_tokens": request.max_tokens}
        local = request.model.startswith(LOCAL_PREFIX)
        if not local and "seed" not in (litellm.get_supported_openai_params(request.model) or ()):
            # The seed is our addition, so it may go; what the candidate set is never dropped in silence.
            del options["seed"]
        if local:
            facts = {"number": grant.number, "call": call, "scripts": [str(folder) for folder in self._scripts]}
            options["metadata"] = {"ratchet": facts}
        try:
            response = litellm.completion(
                model=request.model,
                messages=request.messages,
                num_retries=0,
                max_retries=0,
                drop_params=False,
                **_access(entry),
                **options,
            )
            return _completion(response, request)
        except Exception as error:
            raise _fault(error) from error

    def _embedding(self, request: Effective, entry: ModelEntry) -> Completion:
        """The vector as a JSON list, where a chat has its text."""
        text = request.messages[0]["content"]
        if request.model.startswith(LOCAL_PREFIX):
            return Completion(text=embedded(request.model, text), input_tokens=_estimate(text), output_tokens=0)
        try:
            # Not by the OpenAI client's default, base64: servers of one's own do not all know it.
            response = _litellm().embedding(
                model=request.model, input=[text], encoding_format="float", max_retries=0, **_access(entry)
            )
            vector = [float(value) for value in response.data[0]["embedding"]]
            counted = int(getattr(response.usage, "prompt_tokens", 0) or 0)
            return Completion(
                text=json.dumps(vector),
                input_tokens=counted or _estimate(text),
                output_tokens=0,
                revision=str(response.model or "")[:200],
            )
        except Exception as error:
            raise _fault(error) from error

    def _entry(self, model: str) -> ModelEntry:
        entry = self._catalogue.find(model)
        if entry is None:
            raise Refusal(403, "model-not-allowed", f"the model {model!r} is not in the settings' list of models")
        return entry


def _access(entry: ModelEntry) -> dict[str, Any]:
    """How a model is reached."""
    given: dict[str, Any] = {"timeout": entry.timeout_seconds}
    if entry.api_base is not None:
        given["api_base"] = entry.api_base
    if entry.api_key is not None:
        given["api_key"] = entry.api_key.get_secret_value()
    return given


def _completion(response: Any, request: Effective) -> Completion:
    text = response.choices[0].message.content or ""
    usage = response.usage
    # Some servers do not count: what they did is estimated then, for uncounted is not free.
    asked = "".join(message["content"] for message in request.messages)
    tokens_in = int(usage.prompt_tokens or 0) or _estimate(asked)
    tokens_out = int(usage.completion_tokens or 0) or (_estimate(text) if text else 0)
    return Completion(
        text=text[:_MAX_ANSWER_CHARS].encode("utf-8", "replace").decode(),
        finish_reason="length" if response.choices[0].finish_reason == "length" else "stop",
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        revision=str(getattr(response, "system_fingerprint", None) or response.model or "")[:200],
    )


def _table_price(row: dict[str, Any]) -> Price | None:
    """Rates from a row of LiteLLM's table, in USD per token, `above` tiers included."""

    def micro(name: str) -> int:
        tier = re.compile(rf"{name}_above_\d+k_tokens")
        rates = [value for key, value in row.items() if tier.fullmatch(key) and isinstance(value, int | float)]
        return max((round(rate * 1e12) for rate in rates), default=0)

    base_in, base_out = row.get("input_cost_per_token"), row.get("output_cost_per_token")
    if not isinstance(base_in, int | float) or not isinstance(base_out, int | float) or base_in + base_out <= 0:
        return None
    return Price(
        input=round(base_in * 1e12),
        output=round(base_out * 1e12),
        long_input=max(micro("input_cost_per_token"), round(base_in * 1e12)),
        long_output=max(micro("output_cost_per_token"), round(base_out * 1e12)),
    )


def _fault(error: Exception) -> ProviderFault:
    status = getattr(error, "status_code", None)
    kind = classify(status if isinstance(status, int) else None)
    text = str(error)
    never_sent = any(type(cause).__name__ == "ConnectError" for cause in _chain(error))
    if never_sent:
        kind = "connection"
    elif kind in ("overloaded", "connection") and "credentials" in text:
        kind = "key"  # LiteLLM reports a key that is not set as a server error
    # A provider that said no before working does not charge; one that fell silent may have done the work.
    billed = kind in ("timeout", "overloaded", "connection", "unknown") and not never_sent
    return ProviderFault(kind, text, billed=billed, retry_after=_retry_after(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _retry_after(error: Exception) -> float | None:
    """Seconds from the header `Retry-After`, wherever in the chain LiteLLM has left it."""
    for cause in _chain(error):
        for headers in (
            getattr(cause, "litellm_response_headers", None),
            getattr(getattr(cause, "response", None), "headers", None),
        ):
            try:
                return max(0.0, float((headers or {})["retry-after"]))
            except (KeyError, ValueError, TypeError):
                continue
    return None
