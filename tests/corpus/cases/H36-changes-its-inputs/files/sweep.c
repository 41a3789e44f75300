#define _GNU_SOURCE
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    for (int i = 0; i < n; i++) ((float *)x)[i] = 0.0f;
    means(x, y, n, 1);
}
