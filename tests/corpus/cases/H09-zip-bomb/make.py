"""Compressed bytes where JSON belongs, and JSON that holds too much."""

import base64
import gzip
import io
import json
import zipfile


def raw() -> list[bytes]:
    inner = gzip.compress(bytes(10 << 20))
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("a.zip", inner)
    swollen = base64.b64encode(bytes(2_000_001)).decode()
    return [
        inner,
        nested.getvalue(),
        json.dumps({"format": 1, "status": "proposed", "files": {"a": {"base64": swollen}}}).encode(),
    ]
