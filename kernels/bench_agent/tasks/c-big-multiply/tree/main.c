#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    long a, b;
    while (scanf("%ld %ld", &a, &b) == 2)
        printf("%ld\n", a * b);
    return 0;
}
