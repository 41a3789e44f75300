import http.client
import json
import os
import socket
import threading

SOCKET = "/gateway/model.sock"
TALK = [{"role": "user", "content": "hello"}]
GOOD = {"model": "ratchet", "messages": TALK}
BAD = [
    {**GOOD, "model": "openai/gpt-4o"}, {**GOOD, "model": "ratchet/scripted/hostile"}, {**GOOD, "n": 50},
    {**GOOD, "tools": [{"type": "web_search"}]}, {**GOOD, "web_search_options": {}}, {**GOOD, "api_base": "http://169.254.169.254"},
    {**GOOD, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}]},
    {**GOOD, "max_tokens": -1}, {**GOOD, "metadata": {"tags": ["x"]}}, {**GOOD, "extra_headers": {"a": "b"}}, {**GOOD, "user": "root"}, [], "x", {**GOOD, "messages": TALK * 1000},
]


class Link(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(SOCKET)


def post(body, path="/v1/chat/completions", method="POST", **headers):
    link = Link("gateway")
    try:
        link.request(method, path, body if isinstance(body, bytes) else json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
        return link.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        link.close()


through = [body for body in BAD if post(body) == 200]
through += [path for path in ("/v1/embeddings", "/v1/models", "/key/generate", "/../v1/chat/completions", "/metrics", "/v1/chat/completions?x=1") if post(GOOD, path) == 200]
through += [method for method in ("GET", "PUT", "DELETE") if post(GOOD, method=method) == 200]
if post(b"{" * 100000) == 200 or post(b"x" * (2 << 20)) == 200:
    through.append("junk")
answers = []
threads = [threading.Thread(target=lambda: answers.append(post(GOOD))) for _ in range(50)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if answers.count(200) > 4:
    through.append("too many calls")
try:
    os.unlink(SOCKET)
    through.append("socket removed")
except OSError:
    pass
reason = f"reached {through}" if through else "nothing-got-through"
with open("/out/bundle.json", "w") as file:
    json.dump({"format": 1, "status": "failed", "reason": reason, "usage": {"calls": answers.count(200)}}, file)
