"""The agent in a real runner container: no network, no key, uid 65534, one socket, and only its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.gateway.catalogue import Catalogue
from daemon.gateway.identity import container_of
from daemon.gateway.provider import LiteLLMProvider
from daemon.gateway.server import Gateway
from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag
from sandbox.spec import ContainerSpec, Limits, Mount
from tests.daemon.agent.genome import FOLDER, make_task
from tests.daemon.gateway.house import House, make_grant

# LiteLLM and its dependencies warn at import; their warnings are not ours to fix.
pytestmark = [pytest.mark.docker, pytest.mark.filterwarnings("ignore")]

SOURCE = "#define STEP 1  // tunable: 1 2 4\nint f(int x) { return x + STEP; }\n"
Runner = Callable[..., dict[str, object]]


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[DockerBackend]:
    backend = DockerBackend(instance=f"test-{uuid.uuid4().hex[:12]}", allowed_roots=[tmp_path])
    try:
        yield backend
    finally:
        backend.settle()
        backend.reap(keep=())
        backend.close()


@pytest.fixture
def attested(house: House) -> Iterator[Gateway]:
    gateway = Gateway(house.meter(), house.folder / "run", container_of=container_of)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def run_agent(tmp_path: Path, backend: DockerBackend) -> Runner:
    """Run generation 0 on a small task with the socket folder; returns its bundle."""
    image = backend.image_id(tag())
    tmp_path.chmod(0o755)
    agent = tmp_path / "agent"
    for path in [file for kind in ("*.py", "*.toml", "prompts/*.md", "tools/*.py") for file in FOLDER.glob(kind)]:
        copy = agent / path.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o644)
    for folder in (agent, agent / "prompts", agent / "tools"):
        folder.chmod(0o755)

    def run(socket: Path, bind: Callable[[str], None]) -> dict[str, object]:
        name = uuid.uuid4().hex[:12]
        task, out = tmp_path / f"{name}.task.json", tmp_path / f"{name}.bundle.json"
        facts = make_task()
        facts["parent"]["files"] = {"f.c": SOURCE}
        task.write_text(json.dumps(facts))
        task.chmod(0o644)
        out.touch()
        out.chmod(0o666)
        spec = ContainerSpec(
            role="propose",
            name=f"ratchet-test-g-{name}",
            image=image,
            command=("python3", "-I", "/agent/agent.py"),
            mounts=(
                Mount(source=str(agent), target="/agent"),
                Mount(source=str(task), target="/task/task.json"),
                Mount(source=str(socket), target="/gateway"),
                Mount(source=str(out), target="/out/bundle.json", read_only=False),
            ),
            limits=Limits(wall_seconds=60.0),
            labels={"ratchet.test": "G"},
        )
        ended = backend.run(spec, on_started=lambda running: bind(running.id))
        assert (ended.reason, ended.code, ended.stderr) == ("exit", 0, b"")
        found: dict[str, object] = json.loads(out.read_text())
        return found

    return run


def test_an_agent_proposes_from_inside_its_container(house: House, attested: Gateway, run_agent: Runner) -> None:
    house.provider = LiteLLMProvider(Catalogue())
    attested._meter = house.meter()
    socket = attested.open(make_grant(model="ratchet/tuner"))
    bundle = run_agent(socket, lambda container: attested.bind("camp-c1", container))
    assert (bundle["status"], bundle["reason"]) == ("proposed", "")
    assert "tunable: STEP" in str(bundle["hypothesis"])
    usage = attested.close("camp-c1", socket)
    assert (usage.calls, usage.faults, usage.refused) == (1, (), ())


def test_another_container_with_the_same_socket_is_refused(house: House, attested: Gateway, run_agent: Runner) -> None:
    socket = attested.open(make_grant())
    bundle = run_agent(socket, lambda container: attested.bind("camp-c1", "0" * 64))
    assert str(bundle["reason"]).startswith("no-answer: identity")
    assert house.provider.seen == []
