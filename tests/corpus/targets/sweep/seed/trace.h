/* What a person reads in the log; protected by the target. */
#include <stdio.h>
#define TRACE(word) fprintf(stderr, "trace: %s\n", word)
