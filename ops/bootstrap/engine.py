"""The Docker engine: use the one that answers, else start the installed one, else install Debian's."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import shutil
import socket
import subprocess
import time
from pathlib import Path

from ops.bootstrap.place import locked, machine_lock
from ops.bootstrap.runner import Say, StepError
from ops.bootstrap.shell import apt_install, last_line, log_file, run

STEP = "docker"
START_SECONDS = 60.0


def endpoint() -> str:
    """The engine's address. The docker client's contexts and DOCKER_HOST are ignored: the daemon ignores them too."""
    return os.environ.get("RATCHET_DOCKER_URL") or "unix:///var/run/docker.sock"


def prepare(say: Say) -> str:
    """Make the engine answer; returns its version. Raises StepError."""
    url = endpoint()
    version = ping(url)
    if version:
        return f"engine {version}"
    if not url.startswith("unix://"):
        raise StepError(f"no engine answers at {url}", "start that engine, or unset RATCHET_DOCKER_URL")
    _may_we_talk(url)
    with locked(machine_lock()):
        version = ping(url)
        if not version:
            say("no engine answers (a docker client alone is not one)")
            if shutil.which("dockerd", path=_path()) is None:
                apt_install(["docker.io"], step=STEP, say=say)
            version = _start(url, say)
    return f"engine {version}, started"


def ping(url: str) -> str:
    """Version of the engine at `url`, or nothing when none answers within five seconds."""
    try:
        return str(json.loads(request(url, "GET", "/version")[1]).get("Version", "unknown"))
    except (OSError, ValueError, http.client.HTTPException):
        return ""


def request(url: str, method: str, path: str) -> tuple[int, bytes]:
    """One small request to the engine: status and body. Raises OSError or HTTPException."""
    connection: http.client.HTTPConnection
    if url.startswith("unix://"):
        connection = _UnixConnection(url.removeprefix("unix://"))
    else:
        connection = http.client.HTTPConnection(url.split("://", 1)[-1], timeout=5)
    try:
        connection.request(method, path, headers={"Host": "docker"})
        answer = connection.getresponse()
        return answer.status, answer.read(1_000_000)
    finally:
        connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=5)
        self._socket_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(5)
        self.sock.connect(self._socket_path)


def _may_we_talk(url: str) -> None:
    path = Path(url.removeprefix("unix://"))
    try:
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise StepError(
                f"no permission to talk to Docker at {path}",
                "sudo usermod -aG docker $USER, then log in anew; or be root",
            )
    except PermissionError as error:
        raise StepError(f"no permission to look at {path}", "be root, or join the group docker") from error


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"


def _start(url: str, say: Say) -> str:
    if os.geteuid() != 0:
        raise StepError("the Docker engine is not running, and starting it takes root", "sudo systemctl start docker")
    if Path("/run/systemd/system").is_dir():
        say("systemctl start docker")
        run(["systemctl", "start", "docker"], step=STEP, say=say, remedy="journalctl -u docker says why")
        version = _wait(url, None)
    else:
        extra = shlex.split(os.environ.get("RATCHET_DOCKERD_FLAGS", ""))
        log = log_file("dockerd")
        say(f"starting dockerd, log {log}")
        version = _wait(url, _detached(["dockerd", "--host", url, *extra], log))
        if not version and not extra:
            # Runners have no network at all, so an engine without a bridge is enough where netfilter is missing.
            say("dockerd did not come up; again without a network bridge")
            version = _wait(url, _detached(["dockerd", "--host", url, "--bridge=none", "--iptables=false"], log))
        if not version:
            raise StepError(
                f"dockerd does not come up: {last_line(log)}",
                f"read {log}; a machine that is itself a container must be privileged and have cgroups mounted",
            )
    if not version:
        raise StepError("the engine was started but does not answer", "systemctl status docker")
    return version


def _detached(argv: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            start_new_session=True,
            env={**os.environ, "PATH": _path()},
        )


def _wait(url: str, child: subprocess.Popen[bytes] | None) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        version = ping(url)
        if version:
            return version
        if child is not None and child.poll() is not None:
            return ""
        time.sleep(0.2)
    if child is not None:
        child.terminate()
        child.wait(15)
    return ""
