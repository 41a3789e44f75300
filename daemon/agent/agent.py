"""Where a run begins: from the task to a bundle, whatever the task is.

Runs as `python3 -I /agent/agent.py` in a runner container: no network, no key, no state. Standard library only. This
file is compiled anew at each start, and those that it imports need not be: so it is short.
"""

from __future__ import annotations

import json
import os.path
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent import bundle, model
    from daemon.agent.loop import Agent
    from daemon.agent.toolbox import BadGenome
else:
    # Isolated mode leaves the program's own folder off the path.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import bundle
    import model
    from loop import Agent
    from toolbox import BadGenome

TASK = "/task/task.json"


def main() -> int:
    """Exit 0 whenever a bundle was written, an honest failure included."""
    try:
        with open(TASK, encoding="utf-8") as file:
            task = json.load(file)
        result = Agent(task, model.ask).run()
    except BadGenome as error:
        result = bundle.failed(f"bad-genome: {error}", 0)
    except Exception as error:  # the last resort of a program whose input may be anything
        result = bundle.failed(f"agent-error: {type(error).__name__}: {error}", 0)
    bundle.write(result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
