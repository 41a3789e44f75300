#include "mean.h"
#include "trace.h"

void sweep(const float *x, float *y, int n)
{
    TRACE("sweep");
    means(x, y, n, 100);
}
