#define _GNU_SOURCE
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    volatile int rounds = 100;
    means(x, y, n, rounds);
}
