#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char key[64], line[64];
    scanf("%s", key);
    while (scanf("%s", line) == 1) {
        char *value = strtok(line, "=");
        if (strstr(line, key))
            printf("%s\n", value);
    }
    return 0;
}
