#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *lines[100], buffer[64];
    int n = 0;
    while (fgets(buffer, sizeof buffer, stdin)) {
        buffer[strcspn(buffer, "\n")] = 0;
        lines[n] = malloc(strlen(buffer));
        strcpy(lines[n++], buffer);
    }
    while (n > 0)
        puts(lines[n--]);
    return 0;
}
