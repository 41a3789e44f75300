"""A rename is a deletion and an addition, and both count."""

from typing import Any

TEXT = "/* Protected by the target: the contract of `sweep`. */\n"


def bundles() -> list[dict[str, Any]]:
    return [
        {"files": {"contract.h": {"text": TEXT}}, "deleted": ["checks/contract.h"]},
        {"files": {"checks/contract.h": {"text": TEXT, "mode": "100755"}}},
        {"files": {"checks/contract.h": {"text": TEXT + "\n"}}},
        {"files": {"checks/other.h": {"text": TEXT}}},
        {"deleted": ["checks/contract.h"]},
    ]
