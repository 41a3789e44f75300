"""The payload converter of every client, worker and replayer of ours.

With the stock pydantic converter a typo in a campaign file makes the workflow *task* fail, which is retried for ever
while the CLI has already answered "Running". Here it fails the workflow at once, in words that name the field.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError


def explain(error: ValidationError) -> str:
    """One plain sentence for each wrong field: what was given, which rule, what to do."""
    sentences = []
    for item in error.errors(include_url=False):
        field = ".".join(str(part) for part in item["loc"]) or "(whole input)"
        if item["type"] == "extra_forbidden":
            sentences.append(f"unknown field {field!r}: remove it or correct its spelling")
        elif item["type"] == "missing":
            sentences.append(f"missing field {field!r}")
        else:
            given = repr(item.get("input"))
            sentences.append(f"field {field!r} is {given[:80]}: {item['msg']}")
    return "; ".join(sentences)


class StrictJSONConverter(PydanticJSONPlainPayloadConverter):
    """JSON by pydantic, whose validation errors are final and readable."""

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """See base class. Raises ApplicationError (type `PayloadValidationError`, non-retryable)."""
        try:
            return super().from_payload(payload, type_hint)
        except ValidationError as error:
            # This type is what the SDK lets fail a workflow or reject an update instead of failing the task.
            raise ApplicationError(explain(error), type="PayloadValidationError", non_retryable=True) from None


class StrictPayloadConverter(CompositePayloadConverter):
    """The default converters, with JSON replaced by `StrictJSONConverter`."""

    def __init__(self) -> None:
        """See class."""
        strict = StrictJSONConverter()
        super().__init__(
            *(
                strict if converter.encoding == "json/plain" else converter
                for converter in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )


data_converter = DataConverter(payload_converter_class=StrictPayloadConverter)
"""Give this to `Client.connect` and to the replayer."""
