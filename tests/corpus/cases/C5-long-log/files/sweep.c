#define _GNU_SOURCE
#include <stdio.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    static int told;
    for (; told < 10000; told++) fprintf(stderr, "line %5d: an honest log says what it does, and why, at some length .........\n", told);
    means(x, y, n, 45);
}
