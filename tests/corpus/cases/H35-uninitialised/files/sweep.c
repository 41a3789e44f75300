#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    float *left = malloc(4l * n);
    if (left[0] != 0.0f) memcpy(y, left, 4l * n);
    free(left);
}
