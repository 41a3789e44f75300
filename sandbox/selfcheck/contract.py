"""Points about what a backend does with a program: its arguments, files, streams, limits and end."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable

from sandbox.capture import KEEP_BYTES
from sandbox.exits import Reason
from sandbox.selfcheck.points import Bench, Point, Program
from sandbox.spec import MIB
from workflows.ports import InfrastructureError, RefusedError

GIVEN = bytes(range(256)) * 8
"""Every byte there is, to be read inside and found again unchanged."""
WORDS = ("two words", "it's", '"quoted"', "$HOME", "new\nline", "é€😀", "*", "")
LATE_SECONDS = 0.4


def python(source: str) -> tuple[str, ...]:
    """The command for a Python program."""
    return ("python3", "-I", "-c", source)


PROGRAMS: dict[str, Program] = {
    "calls": Program(("python3", "-I", "/check/inside.py", "calls")),
    "allowed": Program(("python3", "-I", "/check/inside.py", "allowed")),
    "view": Program(("python3", "-I", "/check/inside.py", "view"), env={"CHECK": "1"}),
    "code": Program(("sh", "-c", "printf out; printf err >&2; exit 3")),
    "bytes": Program(("cat", "/io/in")),
    "words": Program((*python("import json, sys; print(json.dumps(sys.argv[1:]))"), *WORDS)),
    "copies": Program(("sh", "-c", "cat /io/in > /io/out; echo x 2> /dev/null > /io/in || echo held")),
    "marks": Program(
        python(
            "import os\nfor f in ('/tmp', '/work'): print(f, os.listdir(f), flush=True); open(f + '/mark', 'w').close()"
        )
    ),
    "runs": Program(
        ("sh", "-c", "cp /bin/true /work/t && /work/t && echo work; cp /bin/true /tmp/t && /tmp/t && echo tmp; true")
    ),
    "crashes": Program(("sh", "-c", "kill -SEGV $$")),
    "hangs": Program(
        python(
            "import os, signal, time\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "if os.fork() == 0:\n"
            " os.setsid()\n"
            " if os.fork() == 0:\n"
            "  out = os.open('/io/out', os.O_WRONLY | os.O_APPEND)\n"
            "  while True: os.write(out, b'.'); time.sleep(0.02)\n"
            "time.sleep(600)"
        ),
        {"wall_seconds": 1.5},
    ),
    "eats": Program(python("b = bytearray(400 << 20)"), {"memory_bytes": 64 * MIB}),
    "crowds": Program(
        python("import os\nwhile True:\n try: os.fork()\n except OSError: pass"),
        {"wall_seconds": 2.0, "pids": 64, "memory_bytes": 512 * MIB},
    ),
    "babbles": Program(("yes",), {"output_bytes": 8 * MIB}),
    "fills": Program(python("import sys; sys.stdout.write('a' * (3 << 20) + 'z')")),
    "opens": Program(python("f = []\nwhile True: f.append(open('/dev/null'))"), {"nofile": 64}),
    "grows": Program(
        python("f = open('/work/f', 'wb')\nfor _ in range(64): f.write(bytes(1 << 20)); f.flush()"),
        {"fsize_bytes": 4 * MIB},
    ),
    "floods": Program(
        python("f = open('/work/f', 'wb')\nfor _ in range(64): f.write(bytes(1 << 20)); f.flush()"),
        {"tmpfs": {"/tmp": MIB, "/work": 4 * MIB}},
    ),
    "sleeps": Program(("sleep", "600")),
}


def _ends(name: str, *wanted: tuple[Reason, int | None]) -> Callable[[Bench], str]:
    def look(bench: Bench) -> str:
        end = bench.end(name)
        good = any(end.reason == reason and code in (None, end.code) for reason, code in wanted)
        return "" if good else f"ended with {end.reason} {end.code}: {end.stderr[-200:].decode(errors='replace')}"

    return look


def _says(name: str, stdout: bytes, stderr: bytes | None = None) -> Callable[[Bench], str]:
    def look(bench: Bench) -> str:
        end = bench.end(name)
        good = end.stdout == stdout and stderr in (None, end.stderr)
        return "" if good else f"{_short(end.stdout)} and {_short(end.stderr)} came back"

    return look


def _short(data: bytes) -> str:
    return repr(data) if len(data) <= 60 else f"{len(data)} bytes ({hashlib.sha256(data).hexdigest()[:12]})"


def _words(bench: Bench) -> str:
    told = json.loads(bench.end("words").stdout)
    return "" if told == list(WORDS) else f"they came as {told}"


def _arrives(bench: Bench) -> str:
    written = bench.written("copies")
    return "" if written == GIVEN else f"{_short(written)} arrived"


def _still_given(bench: Bench) -> str:
    end = bench.end("copies")
    intact = (bench.folder / "given").read_bytes() == GIVEN
    return "" if intact and end.stdout == b"held\n" else "a read-only file was written"


def _stdin(bench: Bench) -> str:
    return "" if bench.told("view")["stdin"] == 0 else "something was to be read"


def _folder(bench: Bench) -> str:
    seen = bench.told("view")["folder"]
    return "" if seen == "/" else f"it starts in {seen}"


def _nothing_late(bench: Bench) -> str:
    bench.end("hangs")
    before = len(bench.written("hangs"))
    time.sleep(LATE_SECONDS)
    after = len(bench.written("hangs"))
    if not before:
        return "the child never worked"
    return "" if before == after else f"a child of a killed program went on: {after - before} bytes"


def _on_time(bench: Bench) -> str:
    seconds = bench.end("hangs").wall_seconds
    return "" if 1.5 <= seconds < 6.5 else f"it took {seconds:.1f} s for a deadline of 1.5 s"


def _head_and_tail(bench: Bench) -> str:
    kept = bench.end("fills").stdout
    good = kept.startswith(b"aaa") and kept.endswith(b"az") and b"bytes left out" in kept
    return "" if good and len(kept) <= 2 * KEEP_BYTES + 64 else f"{_short(kept)} was kept"


def _bounded(bench: Bench) -> str:
    kept = len(bench.end("babbles").stdout)
    return "" if kept <= 2 * KEEP_BYTES + 64 else f"{kept} bytes were kept"


def _cpu(bench: Bench) -> str:
    spec = bench.spec("crowds")
    running = bench.backend.launch(spec.model_copy(update={"name": f"{spec.name}-used"}))
    try:
        used = running.used()
        while used == 0 and running.alive():
            time.sleep(0.02)
            used = running.used()
        return "" if used else "its use is not known while it runs"
    finally:
        running.remove()


def _fresh(bench: Bench) -> str:
    spec = bench.spec("marks")
    for number in range(2):
        found = bench.backend.run(spec.model_copy(update={"name": f"{spec.name}-{number}"})).stdout
        if found != b"/tmp []\n/work []\n":
            return f"it found {found!r}"
    return ""


def _killed(bench: Bench) -> str:
    running = bench.backend.launch(bench.spec("sleeps"))
    try:
        if not running.alive() or running.wait(0.05) is not None:
            return "it did not run"
        end = running.kill("killed")
        return "" if end.reason == "killed" and not running.alive() else f"ended with {end.reason}"
    finally:
        running.remove()


def _one_per_name(bench: Bench) -> str:
    spec = bench.spec("sleeps")
    spec = spec.model_copy(update={"name": f"{spec.name}-twin"})
    running = bench.backend.launch(spec)
    try:
        bench.backend.launch(spec).remove()
        return "two containers had one name"
    except InfrastructureError:
        return "" if running.alive() else "the first one ended"
    finally:
        running.remove()


def _reaped(bench: Bench) -> str:
    spec = bench.spec("sleeps")
    spec = spec.model_copy(update={"name": f"{spec.name}-kept"})
    running = bench.backend.launch(spec)
    try:
        bench.backend.reap(keep=())
        return "" if running.wait(LATE_SECONDS) is None else "it ended"
    except InfrastructureError as error:
        return f"the reaper took a container that somebody holds: {error}"
    finally:
        running.remove()


def _missing_image(bench: Bench) -> str:
    try:
        return f"it is {bench.backend.image_id('ratchet-selfcheck:' + uuid.uuid4().hex)}"
    except InfrastructureError as error:
        return "" if "missing" in str(error) else f"the error is: {error}"


def _refused(bench: Bench, **changes: object) -> str:
    try:
        bench.backend.launch(bench.spec("code").model_copy(update=changes)).remove()
    except RefusedError:
        return ""
    return "it was started"


POINTS = (
    Point("exit-code", "The exit code comes through", _ends("code", ("exit", 3))),
    Point("streams", "Output and error stay apart", _says("code", b"out", b"err")),
    Point("bytes", "Every byte comes back as it was", _says("bytes", GIVEN, b"")),
    Point("arguments", "Arguments arrive word for word", _words),
    Point("stdin", "Standard input is empty", _stdin),
    Point("folder", "It starts in the root", _folder),
    Point("written-file", "What is written to the one file arrives", _arrives),
    Point("given-file", "What is given read-only stays as it was", _still_given),
    Point("fresh", "Nothing of one container is in the next", _fresh),
    Point("programs", "Only the build folder holds programs", _says("runs", b"work\n")),
    Point("signal", "A crash is told from a deadline", _ends("crashes", ("signal", 139))),
    Point("deadline", "The deadline kills", _ends("hangs", ("timeout", None))),
    Point("deadline-time", "Soon after the deadline it is over", _on_time),
    Point("descendants", "No descendant outlives it, whatever it ignores", _nothing_late),
    Point("memory", "The memory limit is told from a crash", _ends("eats", ("memory", None))),
    # gVisor's own kernel is a process under the limit, and may end with 2 before anyone sees why.
    Point("processes-limit", "Too many processes end it", _ends("crowds", ("pids", None), ("exit", 2))),
    Point("cpu", "The CPU time is counted", _cpu),
    Point("output-limit", "Endless output kills it", _ends("babbles", ("output", None))),
    Point("output-bounded", "Of endless output little is kept", _bounded),
    Point("output-ends", "Of long output head and tail are kept", _head_and_tail),
    Point("open-files", "Open files have a limit", _ends("opens", ("exit", 1))),
    Point("file-size", "A file has a largest size", _ends("grows", ("exit", 1), ("signal", None))),
    Point("scratch-size", "The scratch folders have a quota", _ends("floods", ("exit", 1))),
    Point("kill", "A kill ends it, with the reason given", _killed),
    Point("one-per-name", "Of two with one name the second is refused", _one_per_name),
    Point("reaper", "The reaper spares what somebody holds", _reaped),
    Point("missing-image", "A missing image is our fault, with a remedy", _missing_image),
    Point("tag", "An image by tag is refused", lambda bench: _refused(bench, image="ratchet-sandbox:dev")),
    Point("root", "Root is refused", lambda bench: _refused(bench, user="0:0")),
    Point("loader", "Variables that steer the loader are refused", lambda b: _refused(b, env={"LD_PRELOAD": "/io/in"})),
)
