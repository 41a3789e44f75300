"""The loop of generation 0: plan, edit, try, reflect, until an edit stands or the calls are used up.

One answer is enough: an edit that stands the first try is handed in at once.
"""

from __future__ import annotations

import contextlib
import json
import os.path
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.agent import answers, bundle, model
    from daemon.agent.prompting import Messages, Prompter
    from daemon.agent.toolbox import Toolbox
    from daemon.agent.workspace import Trouble, Workspace
else:
    import answers
    import bundle
    import model
    from prompting import Prompter
    from toolbox import Toolbox
    from workspace import Trouble, Workspace

CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "genome.toml")
Ask = Callable[[list[dict[str, str]], int, str], "model.Reply"]
"""Messages, most tokens, role."""
MOST_TURNS = 24
"""Answers that the model sees again; the gateway takes 64 messages."""


class Agent:
    """One proposal."""

    def __init__(self, task: dict[str, Any], ask: Ask, workspace: Workspace | None = None) -> None:
        """Raises BadGenome."""
        genome = json.loads(task.get("genome") or "null") or _config()
        self._behaviour: dict[str, Any] = genome["behaviour"]
        self._tools = Toolbox(genome["capabilities"]["tools"])
        self._left = int(task["limits"]["calls"])
        self._prompter = Prompter(task, self._behaviour, self._tools.usage() if self._left > 1 else "")
        self._task = task
        self._ask = ask
        self._calls = 0
        self._warned = False
        self._hypothesis = ""
        self.workspace = workspace or Workspace(task)

    def run(self) -> dict[str, object]:
        """The bundle."""
        try:
            problem = self._improve()
            self._summarise()
        except model.ModelError as error:
            # What stands so far is handed in: an answer was paid for, and the judge decides what it is worth.
            problem = f"no-answer: {error.code}: {error}"
        changed = self.workspace.changed()
        if not changed:
            return bundle.failed(problem, self._calls)
        return bundle.proposed(
            self._hypothesis, changed, self._calls, findings=self.workspace.findings, tasks=self.workspace.tasks
        )

    def _improve(self) -> str:
        """Work on the files until an edit stands. Returns what was wrong last, if nothing stands."""
        chat = self._prompter.opening(plan=self._plan())
        problem = "no-calls: the task allows no call"
        while self._left:
            reply = self._call(chat, "edit")
            try:
                said = self._step(self._read(reply))
                problem = "no-edit: the calls were used up before there was one"
            except (answers.BadAnswer, Trouble) as bad:
                problem, said = f"malformed-answer: {bad}", self._prompter.say("repair", problem=str(bad))
            if not said:
                break
            chat = self._continued(chat, reply.text, said)
        return problem

    def _plan(self) -> str:
        """The planner's words, when the task has a model for that and calls enough."""
        if "plan" not in self._task.get("roles", []) or self._left < 2:
            return ""
        try:
            reply = self._call(self._prompter.opening("plan"), "plan")
        except model.ModelError:
            return ""
        return "A plan:\n\n" + self._prompter.quote("plan", reply.text[:4000])

    def _summarise(self) -> None:
        """What later attempts should know, in the words of the model that the task has for it."""
        if "summarise" not in self._task.get("roles", []) or not self._left:
            return
        told = {
            path: self._prompter.quote(f"new {path}", text[:8000]) for path, text in self.workspace.changed().items()
        }
        facts = {
            "hypothesis": self._prompter.quote("hypothesis", self._hypothesis),
            "files": "\n\n".join(told.values()),
        }
        changes = self._prompter.say("changes", **facts)
        with contextlib.suppress(model.ModelError, answers.BadAnswer):
            said = answers.read(self._call(self._prompter.opening("summarise", changes=changes), "summarise").text, {})
            self.workspace.findings += said.findings
            self.workspace.tasks += said.tasks

    def _call(self, chat: Messages, role: str) -> model.Reply:
        self._left -= 1
        reply = self._ask(chat, int(self._task["limits"]["max_tokens"]), role)
        self._calls += 1
        return reply

    def _read(self, reply: model.Reply) -> answers.Answer:
        if reply.cut:
            raise answers.BadAnswer("it was cut off at the token limit; answer with fewer lines")
        answer = answers.read(reply.text, self.workspace.files)
        if not answer.blocks and not answer.calls and not self.workspace.changed():
            raise answers.BadAnswer("it holds no SEARCH/REPLACE block, no whole file and no tool")
        outside = [block.path for block in answer.blocks if not self.workspace.editable(block.path)]
        if outside and not self._warned and self._left:
            # Said once. When the model insists it goes out as it is: the gate decides, not the agent.
            self._warned = True
            raise answers.BadAnswer(f"it changes {outside[0]}, which is not editable; such a change is denied")
        return answer

    def _step(self, answer: answers.Answer) -> str:
        """Carry out one answer. Returns what to tell the model; nothing when the edit stands."""
        if answer.blocks:
            self._tools.run(self.workspace, answers.Call("edit", blocks=answer.blocks))
            self._hypothesis = answer.hypothesis or self._hypothesis
        self.workspace.findings += answer.findings
        self.workspace.tasks += answer.tasks
        if answer.calls:
            told = "\n\n".join(self._use(call) for call in answer.calls)
            return self._prompter.say("results", results=told, left=str(self._left))
        trouble = self._try() if self._left else ""
        return self._prompter.say("diagnose", trouble=self._prompter.quote("trial", trouble)) if trouble else ""

    def _use(self, call: answers.Call) -> str:
        try:
            told = self._tools.run(self.workspace, call)
        except (Trouble, answers.BadAnswer) as trouble:
            told = str(trouble)
        return self._prompter.quote(f"result of {call.tool[:40]}", told)

    def _try(self) -> str:
        """What the tools of `try_first` find wrong, or nothing."""
        for name in self._behaviour.get("try_first", []):
            if name in self._tools:
                try:
                    self._tools.run(self.workspace, answers.Call(name))
                except (Trouble, answers.BadAnswer) as trouble:
                    return str(trouble)
        return ""

    def _continued(self, chat: Messages, answer: str, said: str) -> Messages:
        """The opening and the newest turns, as far as there is room."""
        turns = [*chat[2:], {"role": "assistant", "content": answer[:20_000]}, {"role": "user", "content": said}]
        while len(turns) > 2 and (len(turns) > 2 * MOST_TURNS or _size(turns) > int(self._behaviour["turns_chars"])):
            turns = turns[2:]
        return [*chat[:2], *turns]


def _size(messages: Messages) -> int:
    return sum(len(message["content"]) for message in messages)


def _config() -> dict[str, Any]:
    """genome.toml, where the task does not bring it as JSON: reading it is a fifth of an agent's start."""
    import tomllib

    with open(CONFIG, "rb") as file:
        return tomllib.load(file)
