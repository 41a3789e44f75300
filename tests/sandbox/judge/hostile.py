"""Candidates that cheat or misbehave in C, each with the verdicts that it may end with."""

from __future__ import annotations

from pathlib import Path

_SEED = Path(__file__).resolve().parents[3] / "kernels" / "matmul" / "seed" / "matmul.c"
_HONEST = _SEED.read_text("utf-8").replace("void matmul", "static void honest")
_HEAD = """
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
"""


def candidate(body: str, before: str = "") -> dict[str, str]:
    """A tree whose `matmul` has this body; `honest(a, b, c, n, m, k)` is the right product."""
    signature = "void matmul(const float *a, const float *b, float *c, int n, int m, int k)"
    return {"matmul.c": f"{_HEAD}{_HONEST}\n{before}\n{signature}\n{{\n{body}\n}}\n"}


_RIGHT = "honest(a, b, c, n, m, k);"
_EACH_FD = "for (int fd = 3; fd < 64; fd++) { struct stat s; if (fstat(fd, &s) == 0) { %s } }"
_LATE = """
struct job { const float *a, *b; float *c; int n, m, k; };
static void *later(void *given)
{
    struct job *j = given;
    usleep(20000);
    honest(j->a, j->b, j->c, j->n, j->m, j->k);
    return 0;
}
"""

HOSTILE: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "constant output": (candidate("for (long i = 0; i < (long)n * m; i++) c[i] = 1.0f;"), ("failed:wrong",)),
    "writes nothing": (candidate(""), ("failed:wrong",)),
    "leaves the last element": (
        candidate("float old = c[(long)n * m - 1]; " + _RIGHT + " c[(long)n * m - 1] = old;"),
        ("failed:wrong",),
    ),
    "adds to what lies there": (
        candidate("for (long i = 0; i < (long)n * m; i++) if (!(c[i] == c[i])) return; " + _RIGHT),
        ("failed:wrong",),
    ),
    "not a number": (candidate("for (long i = 0; i < (long)n * m; i++) c[i] = NAN;"), ("failed:wrong",)),
    "replays its first answer for a shape": (
        candidate(
            f"float **slot = &kept[(n * 31 + m * 17 + k) % 4096]; if (*slot) memcpy(c, *slot, 4l * n * m); else {{"
            f" {_RIGHT} *slot = malloc(4l * n * m); memcpy(*slot, c, 4l * n * m); }}",
            "static float *kept[4096];",
        ),
        ("failed:wrong",),
    ),
    "half precision": (
        candidate(
            "float *x = malloc(4l * n * k), *y = malloc(4l * k * m);"
            "for (long i = 0; i < (long)n * k; i++) x[i] = (float)(_Float16)a[i];"
            "for (long i = 0; i < (long)k * m; i++) y[i] = (float)(_Float16)b[i];"
            "honest(x, y, c, n, m, k); free(x); free(y);"
        ),
        ("failed:wrong",),
    ),
    "writes to its input": (candidate(_RIGHT + " ((float *)a)[0] = 0.0f;"), ("failed:crash",)),
    "makes its input writable": (
        candidate(
            _RIGHT + " char *page = (char *)((unsigned long)a & ~4095ul);"
            "mprotect(page, 4096, PROT_READ | PROT_WRITE); *(volatile char *)page = 1;"
        ),
        ("failed:crash",),
    ),
    "writes before its output": (candidate(_RIGHT + " c[-1] = 0.0f;"), ("quarantined:guard-band",)),
    "writes after its output": (candidate(_RIGHT + " c[(long)n * m + 40] = 0.0f;"), ("quarantined:guard-band",)),
    "finishes after its answer": (
        candidate(
            "struct job *j = malloc(sizeof *j); *j = (struct job){a, b, c, n, m, k};"
            "pthread_t t; pthread_create(&t, 0, later, j); pthread_detach(t);",
            _LATE,
        ),
        ("quarantined:late-work",),
    ),
    "right, but rewrites its output later": (
        candidate(
            _RIGHT + " struct job *j = malloc(sizeof *j); *j = (struct job){a, b, c, n, m, k};"
            "pthread_t t; pthread_create(&t, 0, later, j); pthread_detach(t);",
            _LATE.replace("usleep(20000);", "for (int i = 0; i < 500; i++) { usleep(20000); j->c[0] += 1.0f; } if (0)"),
        ),
        ("quarantined:late-work",),
    ),
    "garbage on the socket": (
        candidate(_RIGHT + _EACH_FD % 'if (S_ISSOCK(s.st_mode)) write(fd, "{]\\n", 3);'),
        ("failed:bad-output",),
    ),
    "an extra answer on the socket": (
        candidate(_RIGHT + _EACH_FD % 'if (S_ISSOCK(s.st_mode)) write(fd, "{\\"ok\\":true}\\n", 12);'),
        ("failed:bad-output",),
    ),
    "a line without end": (
        candidate(
            "static char junk[1 << 20]; memset(junk, 'x', sizeof junk);"
            + _EACH_FD % "if (S_ISSOCK(s.st_mode)) for (;;) if (write(fd, junk, sizeof junk) < 0) break;"
        ),
        ("failed:bad-output",),
    ),
    "deep JSON": (
        candidate(
            "static char junk[60000]; memset(junk, '[', sizeof junk); junk[59999] = 10;"
            + _EACH_FD % "if (S_ISSOCK(s.st_mode)) write(fd, junk, sizeof junk);"
        ),
        ("failed:bad-output",),
    ),
    "hangs up": (candidate(_RIGHT + _EACH_FD % "close(fd);"), ("failed:exit", "failed:crash")),
    "cuts its output file": (
        candidate(_RIGHT + _EACH_FD % "if (S_ISREG(s.st_mode)) ftruncate(fd, 4096);"),
        ("failed:bad-output",),
    ),
    "exits with success": (candidate("_exit(0);"), ("failed:exit",)),
    "aborts": (candidate("abort();"), ("failed:crash",)),
    "overflows its stack": (
        candidate("volatile char big[1 << 26]; for (long i = 0; i < 1 << 26; i += 512) big[i] = 1;"),
        ("failed:crash",),
    ),
    "sleeps for ever": (candidate("for (;;) pause();"), ("killed:timeout",)),
    "spins for ever": (candidate("for (volatile int i = 0;; i++) ;"), ("killed:timeout",)),
    "stops itself": (candidate("raise(SIGSTOP);"), ("killed:timeout",)),
    "does not compile": ({"matmul.c": "int matmul(;\n"}, ("failed:build",)),
    "has no such function": ({"matmul.c": "int other;\n"}, ("failed:load",)),
    "is not there": ({"other.c": "int other;\n"}, ("failed:build",)),
    "compiles for ever": ({"matmul.c": '#include "/dev/zero"\n'}, ("failed:build", "killed:memory")),
    "exits while it is loaded": (
        {"matmul.c": "#include <unistd.h>\n__attribute__((constructor)) static void go(void) { _exit(0); }\n"},
        ("failed:exit",),
    ),
}

SYMBOL_TRICKS = candidate(
    _RIGHT,
    "#include <time.h>\nint clock_gettime(clockid_t id, struct timespec *t)\n"
    "{ (void)id; t->tv_sec = 1; t->tv_nsec = 1; return 0; }\n",
)
"""Right, and brings a clock of its own: no fault, and no gain."""

FORK_BOMB = candidate("for (;;) if (fork() < 0) usleep(1000);")
MEMORY_HOG = candidate(
    "for (;;) { volatile char *p = malloc(1 << 24); for (int i = 0; p && i < 1 << 24; i += 4096) p[i] = 1; }"
)
LOUD = candidate('for (;;) puts("some text that nobody reads, over and over again");')
