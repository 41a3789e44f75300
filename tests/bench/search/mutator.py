"""A local model behind OpenAI's chat interface: it answers with the next change of the parent that the prompt shows.

It gives every framework the same proposals: which constant, in which direction, how far.
"""

from __future__ import annotations

import difflib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from tests.bench.search.programs import START, mutate

HEADING = re.compile(r"^#+ Current program\s*$", re.IGNORECASE | re.MULTILINE)
FENCE = re.compile(r"```\w*\n(.*?)```", re.DOTALL)


def parent_of(prompt: str) -> str:
    """The program to change: the first fenced one below the last heading that announces it, else the last of all."""
    at = [match.end() for match in HEADING.finditer(prompt)]
    after = [text for text in FENCE.findall(prompt[at[-1] :]) if START in text] if at else []
    every = [text for text in FENCE.findall(prompt) if START in text]
    found = after[:1] or every[-1:]
    return found[0] if found else ""


def answer(prompt: str, seed: int, call: int) -> str:
    """In the form that the prompt asks for."""
    old = parent_of(prompt)
    if not old:
        return "I see no program."
    new = mutate(old, seed, call)
    if "<CODE>" in prompt:
        return _named(f"<CODE>\n```python\n{new}```\n</CODE>")
    block = _block(old, new)
    return _named(f"<DIFF>\n{block}\n</DIFF>") if "<DIFF>" in prompt else block


def _named(body: str) -> str:
    return f"<NAME>\none_constant\n</NAME>\n\n<DESCRIPTION>\nOne constant changed.\n</DESCRIPTION>\n\n{body}\n"


def _block(old: str, new: str) -> str:
    before, after = old.split("\n"), new.split("\n")
    codes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = next(((a, b, x, y) for tag, a, b, x, y in codes if tag != "equal"), (1, 2, 1, 2))
    a, b, x, y = changed
    return "\n".join(["<<<<<<< SEARCH", *before[a:b], "=======", *after[x:y], ">>>>>>> REPLACE"])


class Mutator:
    """The server of one run, on a free port of the loopback. A context manager."""

    def __init__(self, seed: int) -> None:
        calls, lock = count(1), threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                prompt = "\n\n".join(_text(message["content"]) for message in asked["messages"])
                with lock:
                    text = answer(prompt, seed, next(calls))
                body = json.dumps(_completion(text, asked.get("model", "mutator"))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Mutator:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content)


def _completion(text: str, model: str) -> dict[str, object]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": "m", "object": "chat.completion", "created": 0, "model": model, "choices": [choice], "usage": usage}
