#define _GNU_SOURCE
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    int rounds = 100;
    means(x, y, n, rounds);
}
