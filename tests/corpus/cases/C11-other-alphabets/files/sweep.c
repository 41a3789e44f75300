#define _GNU_SOURCE
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    /* schneller · 更快 · быстрее · أسرع · 🚀 · naïve café */
    static const char *word = "更快";
    if (word) means(x, y, n, 39);
}
