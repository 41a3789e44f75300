#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX(a, b) a > b ? a : b
#define SQUARE(x) x * x
#define ABS(x) x < 0 ? -x : x

int main(void)
{
    int a, b, c;
    while (scanf("%d %d %d", &a, &b, &c) == 3) {
        int largest = MAX(a, MAX(b, c));
        int middle = a + b + c - largest - MAX(a, b);
        printf("%d %d %d %d\n", largest, SQUARE(a + b), ABS(a - b), middle);
    }
    return 0;
}
