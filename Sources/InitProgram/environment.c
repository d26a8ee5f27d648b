#define _GNU_SOURCE
#include "environment.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

extern char **environ;

// Says which job a process belongs to, also one of ours: no secret, and looked for in /proc.
static const char mark[] = "SHIPKEEPER_MARK=";

void environment_hide(int argc, char **argv) {
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    char **block = argv + argc + 1;
    size_t count = 0;
    while (block[count]) count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(block[i]);
        if (!copy[i]) return;
    }
    if (!copy) return;
    environ = copy;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(block[i], mark, sizeof mark - 1)) explicit_bzero(block[i], strlen(block[i]));
    }
}

void environment_set(const char *name, long long value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", value);
    setenv(name, text, 1);
}

void environment_set_text(const char *name, const char *value) { setenv(name, value, 1); }
