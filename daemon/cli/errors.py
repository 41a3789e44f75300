"""Exit codes, and how an exception becomes one line for a person."""

from __future__ import annotations

OK = 0
NO = 1
"""Denied, refused, not better, or a check that found something: a real answer that is no."""
USAGE = 2
"""Bad usage or bad input: nothing was done."""
INFRASTRUCTURE = 3
"""Something of ours does not answer (daemon, Temporal, OPA, Docker, disk): try again when it is mended."""
KILLED = 4
"""The kill switch is pulled: nothing starts until a listed person re-arms it. Restarting it by a machine is no use."""

_CODES = {
    "RefusedError": NO,
    "BadTarget": USAGE,
    "BadSettings": USAGE,
    "BadInput": USAGE,
    "BadBundle": USAGE,
    "BadKey": USAGE,
    "ValidationError": USAGE,
    "InfrastructureError": INFRASTRUCTURE,
    "OSError": INFRASTRUCTURE,
    "RPCError": INFRASTRUCTURE,
}


class BadInput(Exception):
    """What a person gave cannot be used; the message names it and says what to do."""


class Denied(Exception):
    """The answer is no, and has been printed; the command ends with exit code 1."""


def exit_code(error: BaseException) -> int | None:
    """The exit code that stands for an exception, by class name so that nothing heavy is imported; None: a fault."""
    if getattr(error, "rule", "") == "KILLED":
        return KILLED
    for kind in type(error).__mro__:
        if kind.__name__ in _CODES:
            return _CODES[kind.__name__]
    return None


def sentence(error: BaseException) -> str:
    """What to print: the message, in the converter's words for wrong fields."""
    if type(error).__name__ == "ValidationError":
        from workflows.converter import explain

        return explain(error)  # type: ignore[arg-type]
    return str(error) or type(error).__name__
