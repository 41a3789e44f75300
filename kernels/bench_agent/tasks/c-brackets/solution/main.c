#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[2100];
    int stack[2100];
    while (fgets(line, sizeof line, stdin)) {
        int top = 0, bad = 0;
        for (int i = 0; line[i] && !bad; i++) {
            char c = line[i];
            char open = c == ')' ? '(' : c == ']' ? '[' : c == '}' ? '{' : 0;
            if (c == '(' || c == '[' || c == '{')
                stack[top++] = i;
            else if (open && (!top || line[stack[--top]] != open))
                bad = i + 1;
        }
        if (!bad && top)
            bad = stack[top - 1] + 1;
        if (bad)
            printf("%d\n", bad);
        else
            puts("ok");
    }
    return 0;
}
