"""The `ratchet` command: groups, exit codes, and the last line of defence against a traceback.

Exit codes: 0 it worked; 1 the answer is no; 2 bad usage or bad input; 3 something of ours does not answer; 4 the
kill switch is pulled.
"""

from __future__ import annotations

import json
import os
import sys

import typer

from daemon.cli import (
    answers,
    audit,
    campaign,
    candidate,
    codec,
    demo,
    doctor,
    errors,
    genome,
    kill,
    mcp,
    policy,
    steer,
    target,
    up,
)
from daemon.cli.output import safe

app = typer.Typer(
    help="Improve code under policy: campaigns, candidates, targets, policies, audit.\n\n"
    "Exit codes: 0 it worked; 1 the answer is no (denied, refused, a check failed); 2 bad usage or bad input; "
    "3 something of ours does not answer; 4 the kill switch is pulled.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
steer.add_to(campaign.app)
answers.add_to(campaign.app)
app.add_typer(campaign.app, name="campaign")
app.add_typer(candidate.app, name="candidate")
app.add_typer(target.app, name="target")
app.add_typer(genome.app, name="genome")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")
app.command("up")(up.up)
app.command("kill")(kill.kill)
app.command("rearm")(kill.rearm)
app.add_typer(doctor.app, name="doctor")
app.command("mcp")(mcp.mcp)
app.command("codec")(codec.codec)
app.command("demo")(demo.demo)


def main() -> None:
    """Run a command; ends by SystemExit with one of the exit codes above. The console script is `entry.run`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) left; nothing of ours is wrong. Keep the interpreter from flushing into nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(errors.OK)
    except errors.Denied:
        sys.exit(errors.NO)
    except Exception as error:
        code = errors.exit_code(error)
        if code is None or os.environ.get("RATCHET_TRACEBACK"):
            raise
        message = errors.sentence(error)
        if "--json" in sys.argv:
            sys.stdout.write(json.dumps({"error": message, "exit": code}) + "\n")
        sys.stderr.write(f"ratchet: {safe(message)}\n")
        sys.exit(code)
