"""OpenEvolve and ShinkaEvolve, each in an environment of its own, on our tasks with our mutator as their model.

Their search settings are their defaults, one candidate at a time; only what needs a network (embeddings, other models)
is off. Found below the folder in `RATCHET_BENCH_PEERS`: `openevolve/bin/python` and `shinka-evolve/bin/python`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.bench.search import programs, tasks
from tests.bench.search.mutator import Mutator
from tests.bench.search.programs import program
from tests.bench.search.tasks import Task

SECONDS = 1800.0

SCORE = """
import argparse, json, os, sys
sys.path.insert(0, os.environ["BENCH_FOLDER"])
from programs import constants
from tasks import tasks

TASK = next(task for task in tasks() if task.name == os.environ["BENCH_TASK"])

def evaluate(program_path):
    score = TASK.score(constants(open(program_path).read()))
    with open(os.environ["BENCH_LOG"], "a") as log:
        log.write(f"{score!r}\\n")
    return {"combined_score": score}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
    given = parser.parse_args()
    os.makedirs(given.results_dir, exist_ok=True)
    json.dump(evaluate(given.program_path), open(os.path.join(given.results_dir, "metrics.json"), "w"))
    json.dump({"correct": True, "error": None}, open(os.path.join(given.results_dir, "correct.json"), "w"))
"""

OPENEVOLVE = """
import asyncio, os
from openevolve import OpenEvolve
from openevolve.config import Config, LLMModelConfig
config = Config()
config.max_iterations = 2 * int(os.environ["BENCH_EVALUATIONS"])  # an answer that changes nothing is not evaluated
config.random_seed = int(os.environ["BENCH_SEED"])
config.log_level = "ERROR"
config.evaluator.parallel_evaluations = 1
config.evaluator.cascade_evaluation = False
config.llm.api_base = os.environ["BENCH_URL"]
config.llm.api_key = "none"
model = LLMModelConfig(name="mutator", api_base=os.environ["BENCH_URL"], api_key="none", timeout=60, retries=1,
                       retry_delay=1, temperature=0.7, max_tokens=4096, random_seed=config.random_seed)
config.llm.models = [model]
config.llm.evaluator_models = [model]
folder = os.environ["BENCH_FOLDER"]
run = OpenEvolve(initial_program_path=f"{folder}/initial.py", evaluation_file=f"{folder}/evaluate.py", config=config,
                 output_dir=f"{folder}/out")
asyncio.run(run.run(iterations=config.max_iterations))
"""

SHINKA = """
import os, sys
from shinka.core import EvolutionConfig, ShinkaEvolveRunner
from shinka.database import DatabaseConfig
from shinka.launch import LocalJobConfig
folder = os.environ["BENCH_FOLDER"]
evo = EvolutionConfig(num_generations=int(os.environ["BENCH_EVALUATIONS"]), init_program_path=f"{folder}/initial.py",
                      results_dir=f"{folder}/out", llm_models=[f"local/mutator@{os.environ['BENCH_URL']}"],
                      embedding_model=None, meta_rec_interval=None)
run = ShinkaEvolveRunner(evo_config=evo, job_config=LocalJobConfig(eval_program_path=f"{folder}/evaluate.py"),
                         db_config=DatabaseConfig(db_path=f"{folder}/out.sqlite"), max_evaluation_jobs=1,
                         max_proposal_jobs=1, max_db_workers=1, verbose=False)
run.run()
"""

PEERS = {"OpenEvolve": ("openevolve", OPENEVOLVE), "ShinkaEvolve": ("shinka-evolve", SHINKA)}


def installed() -> dict[str, tuple[Path, str]]:
    """Interpreter and program of each peer that is there."""
    root = os.environ.get("RATCHET_BENCH_PEERS", "")
    found = {name: (Path(root) / folder / "bin" / "python", code) for name, (folder, code) in PEERS.items()}
    return {name: entry for name, entry in found.items() if root and entry[0].exists()}


def run(python: Path, code: str, task: Task, seed: int, evaluations: int) -> list[float]:
    """Best score after each evaluation; shorter than asked when the framework made fewer."""
    with tempfile.TemporaryDirectory(prefix="bench-peer-") as scratch, Mutator(seed) as model:
        folder = Path(scratch)
        for module in (programs, tasks):
            shutil.copy(str(module.__file__), folder)
        (folder / "initial.py").write_text(program(task.values, task.rules))
        (folder / "evaluate.py").write_text(SCORE)
        (folder / "run.py").write_text(code)
        facts = {"FOLDER": folder, "TASK": task.name, "LOG": folder / "log", "URL": model.url, "SEED": seed}
        env = {**os.environ, **{f"BENCH_{key}": str(value) for key, value in facts.items()}}
        env |= {"BENCH_EVALUATIONS": str(evaluations), "LOCAL_OPENAI_API_KEY": "none"}
        command = [str(python), str(folder / "run.py")]
        with (folder / "said").open("wb") as said:
            subprocess.run(command, env=env, cwd=folder, stdout=said, stderr=said, timeout=SECONDS, check=False)
        if not (folder / "log").exists():
            raise RuntimeError((folder / "said").read_text(errors="replace")[-2000:])
        scores = [float(line) for line in (folder / "log").read_text().split()]
    best: list[float] = []
    for score in scores[:evaluations]:
        best.append(max(score, best[-1]) if best else score)
    return best
