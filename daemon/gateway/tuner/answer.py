"""`ratchet/tuner`: from a chat to one seeded edit. Pure: the same chat and seed give the same answer."""

from __future__ import annotations

from random import Random

from daemon.gateway.tuner import write
from daemon.gateway.tuner.choose import choose
from daemon.gateway.tuner.move import Move
from daemon.gateway.tuner.prompt import Task, read
from daemon.gateway.tuner.recipes import (
    c_compiler,
    c_loops,
    c_memory,
    c_tile,
    crossing,
    packing_moves,
    packing_start,
    tunables,
)

RECIPES = {
    ".c": (tunables.moves, c_loops.moves, c_compiler.moves, c_tile.moves, c_memory.moves),
    ".py": (tunables.moves, packing_start.moves, packing_moves.moves),
}
"""By file name ending."""

REFUSAL = "I know no edit for these files. I tune declared tunables, dense products in C and circle packings in Python."


def tune(messages: list[dict[str, str]], *, seed: int, call: int) -> str:
    """The text of the answer; an honest refusal when nothing fits."""
    task = read(messages)
    rng = Random(f"{seed}/{call}")  # noqa: S311  # a search, not a secret
    offered = offers(task, rng)
    chosen = choose([move for _, move in offered], task.history, rng)
    if chosen is None:
        return REFUSAL
    path = next(path for path, move in offered if move is chosen)
    return write.answer(chosen.hypothesis, path, task.files[path], chosen.text)


def offers(task: Task, rng: Random) -> list[tuple[str, Move]]:
    """Every move that fits some file and changes it, in a fixed order."""
    company = [
        (path, move)
        for path in sorted(task.files)
        for move in (
            *(crossing.cross(task.files[path], task.second[path], rng) if path in task.second else ()),
            *(
                one
                for other in task.inspirations
                if path in other
                for one in crossing.adopt(task.files[path], other[path], rng)
            ),
        )
        if move.text != task.files[path]
    ]
    return company + [
        (path, move)
        for path in sorted(task.files)
        for recipe in RECIPES.get("." + path.rpartition(".")[2], ())
        for move in recipe(task.files[path], rng)
        if move.text != task.files[path]
    ]
