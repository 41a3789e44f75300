#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long long larger(long long a, long long b)
{
    return a > b ? a : b;
}

int main(void)
{
    long long a, b, c;
    while (scanf("%lld %lld %lld", &a, &b, &c) == 3) {
        long long largest = larger(a, larger(b, c));
        long long smallest = -larger(-a, larger(-b, -c));
        long long middle = a + b + c - largest - smallest;
        printf("%lld %lld %lld %lld\n", largest, (a + b) * (a + b), llabs(a - b), middle);
    }
    return 0;
}
