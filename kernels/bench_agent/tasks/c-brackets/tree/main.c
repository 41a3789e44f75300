#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[256], stack[32];
    while (fgets(line, sizeof line, stdin)) {
        int top = 0, bad = 0;
        for (int i = 0; line[i] && !bad; i++) {
            if (strchr("([{", line[i]))
                stack[top++] = line[i];
            if (strchr(")]}", line[i]) && stack[--top] + 1 != line[i])
                bad = i;
        }
        bad ? printf("%d\n", bad) : puts("ok");
    }
    return 0;
}
