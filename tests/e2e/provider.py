"""A model provider that quotes the caller's key in its errors, and answers with a candidate that looks for secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "openai/curious"
LOOKED = "looked at"
CODE = """
import os

MARK = b"{mark}"


def reachable():
    yield "environment", repr(os.environ).encode()
    for top, folders, files in os.walk("/"):
        folders[:] = [one for one in folders if top != "/" or one not in ("usr", "sys", "dev", "lib", "lib64")]
        files = [one for one in files if one in ("environ", "cmdline", "mounts")] if top.startswith("/proc") else files
        for one in files:
            path = os.path.join(top, one)
            try:
                with open(path, "rb") as file:
                    yield path, file.read(1 << 20)
            except OSError:
                pass


def pack(n, seed):
    seen = list(reachable())
    hits = [(path, data[max(0, data.find(MARK) - 40):][:120]) for path, data in seen if MARK in data]
    hits = [one for one in hits if not one[0].endswith(("packing.py", ".pyc"))]
    raise RuntimeError("{looked} " + str(len(seen)) + " places: " + repr(hits))
"""


class Provider:
    """What it was sent, and where it is."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.prompts: list[bytes] = []
        self.mark = ""
        """What its candidates look for."""
        self.said = ""
        """Stands in its answers, as a comment."""

    def reply(self, body: bytes, key: str) -> tuple[int, dict[str, Any]]:
        """An error for the first question, then an answer."""
        self.prompts.append(body)
        if len(self.prompts) == 1:
            return 500, {"error": {"message": f"overloaded; your header was {key}", "type": "server_error"}}
        code = CODE.replace("{mark}", self.mark).replace("{looked}", LOOKED)
        text = f"HYPOTHESIS: {self.said}\n\npacking.py\n```python\n# {self.said}{code}```\n"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
        return 200, {"id": "1", "object": "chat.completion", "created": 1, "choices": [choice], "usage": usage}


@contextmanager
def serving() -> Iterator[Provider]:
    """The provider, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = provider.reply(body, self.headers.get("Authorization", ""))
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}/v1")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
