"""The models that ship with the daemon: which one a name means. Pure Python, no network, no LiteLLM."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from daemon.gateway.errors import ProviderFault
from daemon.gateway.scripted import ScriptError, scripted_answer
from daemon.search.vectors import hashed

HASHED = "ratchet/hashed"
"""The local model of embeddings."""
PACKAGE_SCRIPTS = Path(__file__).parent / "scripts"


class LocalFault(Exception):
    """No such local model, or its script is wrong. The text says what to do."""


class LocalCall(BaseModel):
    """What a local model knows about a call; `number` comes from the grant, not from the prompt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    messages: list[dict[str, str]]
    seed: int
    number: int
    call: int
    scripts: list[str] = []
    """Folders searched for scripts before the package's own."""


def answer(call: LocalCall) -> str:
    """The text of the answer. Raises LocalFault."""
    if call.model == "tuner":
        from daemon.gateway.tuner.answer import tune

        return tune(call.messages, seed=call.seed, call=call.call)
    kind, _, name = call.model.partition("/")
    if kind == "scripted" and name:
        texts = [message["content"] for message in call.messages]
        folders = [*(Path(folder) for folder in call.scripts), PACKAGE_SCRIPTS]
        try:
            return scripted_answer(folders, name, number=call.number, call=call.call, prompt=texts)
        except ScriptError as error:
            raise LocalFault(str(error)) from error
    raise LocalFault(f"no local model 'ratchet/{call.model}': there are ratchet/tuner and ratchet/scripted/<name>")


def embedded(model: str, text: str) -> str:
    """The embedding of a text by a local model, as a JSON list. Raises ProviderFault for any but `ratchet/hashed`."""
    if model != HASHED:
        raise ProviderFault("request", f"{model} makes no embeddings; {HASHED} does, without a network", billed=False)
    return json.dumps([round(value, 6) for value in hashed(text)])
