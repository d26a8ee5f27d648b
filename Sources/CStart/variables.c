#define _GNU_SOURCE
#include "../CInit/wire.h"
#include "cstart.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATIENCE = 30000, MOST_BYTES = 64 << 20 };

/// Sets variables that stand in a file, each with a zero byte after it. 0, or -1 where the file can't be read.
static int set_all(int file) {
    struct stat facts;
    if (fstat(file, &facts) != 0 || facts.st_size > MOST_BYTES) return -1;
    size_t length = (size_t)facts.st_size, done = 0;
    // It stays: the environment refers to it.
    char *bytes = malloc(length + 1);
    if (!bytes) return -1;
    while (done < length) {
        ssize_t count = pread(file, bytes + done, length - done, (off_t)done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return -1;
        done += (size_t)count;
    }
    bytes[length] = 0;
    size_t variables = 0, index = 0;
    for (char *entry = bytes; entry < bytes + length; entry += strlen(entry) + 1) variables++;
    char **all = calloc(variables + 1, sizeof *all);
    if (!all) return -1;
    for (char *entry = bytes; entry < bytes + length; entry += strlen(entry) + 1) all[index++] = entry;
    environ = all;
    return 0;
}

int cstart_receive_variables(const char *name) {
    const char *value = getenv(name);
    int socket = -1, version = 0;
    if (!value || sscanf(value, "%d:%d", &socket, &version) != 2 || version != CINIT_VERSION) return 0;
    struct stat facts;
    if (fstat(socket, &facts) != 0 || !S_ISSOCK(facts.st_mode)) return 0;
    static struct cinit_message message;
    memset(&message, 0, sizeof message);
    message.head.kind = CINIT_VARIABLES;
    if (cinit_send(socket, &message, 0) != 0) return -1;
    do {
        struct pollfd room = {socket, POLLIN, 0};
        int count = poll(&room, 1, PATIENCE);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || cinit_receive(socket, &message, 0) <= 0) return -1;
    } while (message.head.kind != CINIT_VARIABLES);
    if (message.descriptor_count == 0) return message.is_cut ? -1 : 0;
    int result = set_all(message.descriptors[0]);
    cinit_close_descriptors(&message);
    return result;
}
