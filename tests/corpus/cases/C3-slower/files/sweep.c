#define _GNU_SOURCE
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    means(x, y, n, 130);
}
