#define _GNU_SOURCE
#include "environment.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/// What is looked at before the program can ask for more: by the loader, the C library, the runtime, and by who looks for the program.
static const char *const early[] = {"SHIPKEEPER_MARK=", "SHIPKEEPER_INIT_", "LD_", "GLIBC_TUNABLES=", "MALLOC_", "SWIFT_", "PATH="};

static int is_early(const char *variable) {
    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        if (strncmp(variable, early[i], strlen(early[i])) == 0) return 1;
    }
    return 0;
}

static char **visible;

char **environment_visible(void) {
    free(visible);
    visible = NULL;
    int file = environment_file();
    if (file < 0) return environ;
    close(file);
    size_t count = 0, kept = 0;
    while (environ[count]) count++;
    visible = calloc(count + 1, sizeof *visible);
    if (!visible) return environ;
    for (size_t i = 0; i < count; i++) {
        if (is_early(environ[i])) visible[kept++] = environ[i];
    }
    return visible;
}

int environment_file(void) {
    int file = memfd_create("shipkeeper-environment", MFD_CLOEXEC);
    if (file < 0) return -1;
    for (char **entry = environ; *entry; entry++) {
        size_t length = strlen(*entry) + 1;
        if (write(file, *entry, length) == (ssize_t)length) continue;
        close(file);
        return -1;
    }
    return file;
}

void environment_set(const char *name, long long value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", value);
    setenv(name, text, 1);
}

void environment_set_text(const char *name, const char *value) { setenv(name, value, 1); }
