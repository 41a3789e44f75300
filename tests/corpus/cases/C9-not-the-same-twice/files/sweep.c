#define _GNU_SOURCE
#include <stdlib.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    means(x, y, n, 41);
    for (int i = 0; i < n; i += 64) y[i] += 1e-7f * (float)(rand() % 5 - 2);
}
