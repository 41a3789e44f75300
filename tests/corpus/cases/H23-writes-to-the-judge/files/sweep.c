#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    const char *paths[] = {"/target/evaluator.py", "/target/target.toml", "/judge/main.py", "/guest/main.py", "/io/in", "/io/control",
                           "/io/sock/s", "/io/verdict.json", "/candidate/sweep.c", "/candidate/evaluator.py", "/etc/passwd",
                           "/usr/lib/python3/dist-packages/numpy/__init__.py", "/usr/lib/python3.11/json/__init__.py"};
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (open(paths[i], O_WRONLY) >= 0 || open(paths[i], O_WRONLY | O_CREAT, 0600) >= 0) abort();
        if (unlink(paths[i]) == 0 || chmod(paths[i], 0777) == 0 || rename("/work/libcandidate.so", paths[i]) == 0) abort();
    }
    means(x, y, n, 100);
}
