#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    __int128 sum = 0;
    long long x;
    while (scanf("%lld", &x) == 1)
        sum += x;
    if (sum > 9223372036854775807LL || sum < -9223372036854775807LL - 1)
        puts("overflow");
    else
        printf("%lld\n", (long long)sum);
    return 0;
}
