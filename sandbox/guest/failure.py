"""How the guest reports that the candidate failed."""

from __future__ import annotations

TEXT_LIMIT = 3000
LOG_LIMIT = 16_000


class Failure(Exception):
    """`reason` is `build`, `load`, `exception` or `bad-output`, of an imported evaluator also `wrong` or `timeout`.

    The judge bounds and cleans the text again.
    """

    def __init__(self, reason: str, text: str, log: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text[:TEXT_LIMIT]
        self.log = log[-LOG_LIMIT:]
