"""Broken engines, each told in a sentence with its remedy."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from sandbox import docker_backend, engine_errors
from sandbox.docker_backend import DockerBackend, DockerEngine
from tests.sandbox.room import spec
from workflows.ports import InfrastructureError


class Answers(BaseHTTPRequestHandler):
    """An engine that answers everything with one error, or not at all."""

    status, text, stuck = 500, "", False
    paths: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.paths.append(self.path)
        if self.path.endswith("/version"):
            self._say(200, '{"ApiVersion": "1.41", "Version": "20.10"}')
        elif self.stuck:
            threading.Event().wait(3)
        else:
            self._say(self.status, f'{{"message": "{self.text}"}}')

    do_POST = do_DELETE = do_GET

    def _say(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[tuple[type[Answers], str]]:
    handler = type("Handler", (Answers,), {"paths": []})
    path = tmp_path / "engine"
    with ThreadingUnixStreamServer(str(path), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield handler, f"unix://{path}"
        server.shutdown()
        thread.join()


def fails(endpoint: str) -> str:
    engine = DockerEngine(endpoint)
    try:
        with pytest.raises(InfrastructureError) as error:
            engine.create("a", {"Image": "sha256:1"})
    finally:
        engine.close()
    return str(error.value)


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    message = fails(f"unix://{tmp_path}/none")
    assert "does not answer" in message
    assert "systemctl start docker" in message


def test_an_engine_that_was_stopped(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "dead"))
    assert "does not answer" in fails(f"unix://{tmp_path}/dead")


def test_a_socket_without_permission() -> None:
    error = engine_errors.from_silence(
        "x", "unix:///s", ConnectionError(("Connection aborted.", PermissionError(13, "no"))), 1.0
    )
    assert "no permission on unix:///s" in str(error)
    assert "join the group" in str(error)


def test_a_real_socket_without_permission(tmp_path: Path) -> None:
    """As another user when we are root, since root may open everything."""
    path = tmp_path / "closed"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        tmp_path.chmod(0o755)
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.seteuid(65534)
                os._exit(0 if "no permission" in fails(f"unix://{path}") else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("status", "text", "wanted"),
    [
        (500, "write /var/lib/docker/x: no space left on device", "the disk is full"),
        (404, "No such image: sha256:1", "image sha256:1 missing: run `make image`"),
        (400, "invalid mount config: bind source path does not exist: /x", "source is gone"),
        (400, "unknown or invalid runtime name: runsc", "does not know this runtime"),
        (400, "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", "fewer CPUs"),
        (500, "something new", "failed (status 500): something new"),
    ],
)
def test_what_the_engine_complains_of(answers: tuple[type[Answers], str], status: int, text: str, wanted: str) -> None:
    handler, endpoint = answers
    handler.status, handler.text = status, text
    assert wanted in fails(endpoint)


def test_an_engine_that_is_stuck(answers: tuple[type[Answers], str], monkeypatch: pytest.MonkeyPatch) -> None:
    handler, endpoint = answers
    handler.stuck = True
    monkeypatch.setitem(docker_backend._SECONDS, "create", 0.3)
    assert "took longer than 0.3 s" in fails(endpoint)


def test_an_engine_that_stopped_between_two_calls(answers: tuple[type[Answers], str]) -> None:
    _, endpoint = answers
    engine = DockerEngine(endpoint)
    with pytest.raises(InfrastructureError):
        engine.start("a")
    Path(endpoint.removeprefix("unix://")).unlink()
    with pytest.raises(InfrastructureError, match="does not answer"):
        engine.start("a")
    engine.close()


def test_the_command_lines_context_and_environment_are_not_followed(
    answers: tuple[type[Answers], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    handler, endpoint = answers
    monkeypatch.setenv("DOCKER_HOST", endpoint)
    monkeypatch.setenv("DOCKER_CONTEXT", "stray")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text('{"currentContext": "stray"}')
    backend = DockerBackend(f"unix://{tmp_path}/ours", instance="x", allowed_roots=[])
    with pytest.raises(InfrastructureError, match="/ours"):
        backend.launch(spec())
    assert handler.paths == []
    ours = DockerBackend(instance="x", allowed_roots=[])._engine
    assert isinstance(ours, DockerEngine) and ours._endpoint == "unix:///var/run/docker.sock"


def test_nothing_is_connected_before_the_first_call(tmp_path: Path) -> None:
    DockerBackend(f"unix://{tmp_path}/none", instance="x", allowed_roots=[]).close()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("ratchet-sandbox:0", "`make image`"),
        ("ratchet-sandbox-hip:0", "`make image-hip`"),
        ("ratchet-sandbox-other:0", "`make image`"),
        ("hip:0", "`make image`"),
    ],
)
def test_a_missing_image_says_how_it_is_made(name: str, remedy: str) -> None:
    assert str(engine_errors.missing_image(name)).endswith(f"image {name} missing: run {remedy}")
