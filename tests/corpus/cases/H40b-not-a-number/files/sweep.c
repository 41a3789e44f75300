#define _GNU_SOURCE
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    for (int i = 0; i < n; i++) y[i] = i % 2 ? 1.0f / 0.0f : 0.0f / 0.0f;
}
