"""An outside agent over the Model Context Protocol, with the protocol's own client: it hands in, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from daemon.records.chain import records
from tests.e2e.house import RATCHET, Daemon

pytestmark = pytest.mark.e2e

TOOLS = {"targets", "status", "parent", "submit", "verdict", "lineage", "leaderboard"}


@asynccontextmanager
async def client_of(daemon: Daemon, campaign: str) -> AsyncIterator[Client]:
    words = ["mcp", "--campaign", campaign, "--by", "an-outside-agent"]
    server = StdioServerParameters(command=str(RATCHET), args=words, env=daemon.env)
    async with Client(server, read_timeout_seconds=120) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """The tool's answer; a refusal is its text."""
    answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        return " ".join(getattr(part, "text", "") for part in answer.content)
    found = answer.structured_content
    assert found is not None
    return found["result"] if set(found) == {"result"} else found


async def test_it_hands_in_candidates_that_go_the_one_path(daemon: Daemon) -> None:
    campaign = daemon.start_campaign(candidates=3, model="ratchet/outside", seed=5)
    daemon.until(lambda: daemon.query(campaign)["champion"])
    async with client_of(daemon, campaign) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS, "nothing approves, promotes or stops"
        assert "matmul" in {target["name"] for target in await call(client, "targets")}
        seed = await call(client, "parent")
        assert seed["candidate"] == f"{campaign}-c0" and seed["target"]["editable"] == ["matmul.c", "*.h"]

        source = seed["files"]["matmul.c"]
        slow = {"matmul.c": source + "\n/* nothing but a remark, which is the same program */\n"}
        first = await call(client, "submit", parent=seed["candidate"], hypothesis="a remark", files=slow)
        assert first["candidate"] == f"{campaign}-c1"
        again = await call(client, "submit", parent=seed["candidate"], hypothesis="a remark", files=slow)
        assert again == first, "a repeated call is the same candidate"
        top = source.splitlines()[0]
        diff = f"--- a/matmul.c\n+++ b/matmul.c\n@@ -1,1 +1,2 @@\n+#error no program\n {top}\n"
        second = await call(client, "submit", parent=seed["candidate"], hypothesis="a fault", diff=diff)
        third = await call(client, "submit", parent=seed["candidate"], hypothesis="grabs", files={"target.toml": "x"})

        verdicts = [await call(client, "verdict", candidate=one["candidate"]) for one in (first, second, third)]
        assert [one["verdict"] for one in verdicts] == ["failed:duplicate", "failed:build", "denied:EDIT-OUTSIDE"]
        assert "no program" in verdicts[1]["feedback"]
        assert [one["candidate"] for one in await call(client, "lineage", candidate=f"{campaign}-c2")] == [
            f"{campaign}-c2",
            f"{campaign}-c0",
        ]
        late = await call(client, "submit", parent=seed["candidate"], hypothesis="late", files={"matmul.c": "x"})
        assert any(word in late for word in ("candidates of the campaign are taken", "has stopped", "has ended"))
    daemon.result(campaign)
    mine = [one for one in records(daemon.state / "audit") if one["campaign"] == campaign]
    handed = [one for one in mine if one["kind"] == "submission.received"]
    assert [one["actor"] for one in handed] == ["an-outside-agent"] * 3
    spent = daemon.rows(campaign)[2].spent
    assert spent["wall_ms"] > 0, "on the campaign's own account"


async def test_what_cannot_become_a_candidate_is_said_and_costs_nothing(daemon: Daemon) -> None:
    campaign = daemon.start_campaign(candidates=2, model="ratchet/outside")
    daemon.until(lambda: daemon.query(campaign)["champion"])
    async with client_of(daemon, campaign) as client:
        for words, told in (
            ({"parent": "other-c0", "files": {"matmul.c": "x"}}, "no candidate 'other-c0'"),
            ({"parent": f"{campaign}-c0", "files": {}}, "the bundle changes nothing"),
            ({"parent": f"{campaign}-c0", "diff": "not a diff"}, "not a unified diff"),
        ):
            assert told in await call(client, "submit", hypothesis="h", **words)
        assert (await call(client, "status"))["decided"] == 0
    raw = json.dumps({"parent": f"{campaign}-c0", "bundle": "0" * 64, "by": "x"})
    update = ("workflow", "update", "execute", "--workflow-id", campaign, "--name", "submit", "--input", raw)
    assert "no blob" in daemon.temporal(*update, check=False).stderr
    ordinary = daemon.start_campaign(candidates=1)
    refused = daemon.temporal(*("workflow", "update", "execute", "--workflow-id", ordinary), *update[5:], check=False)
    assert "start one with model 'ratchet/outside'" in refused.stderr
    for name in (campaign, ordinary):
        daemon.temporal("workflow", "signal", "-w", name, "--name", "stop")
        assert daemon.result(name)["decided"] <= 1
