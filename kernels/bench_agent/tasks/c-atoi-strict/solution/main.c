#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[300];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        const char *at = line + (*line == '+' || *line == '-');
        long long n = 0;
        int good = *at != 0;
        for (; *at; at++) {
            good = good && *at >= '0' && *at <= '9';
            if (good && n < 10000000000LL)
                n = n * 10 + *at - '0';
        }
        if (*line == '-')
            n = -n;
        if (good && n >= -2147483648LL && n <= 2147483647LL)
            printf("%lld\n", n);
        else
            puts("bad");
    }
    return 0;
}
