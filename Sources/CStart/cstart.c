#define _GNU_SOURCE
#include "cstart.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// Says which job a process belongs to, also one of ours: no secret, and looked for in /proc.
static const char mark[] = "SHIPKEEPER_MARK=";

static int argument_count;
static char **arguments;

// glibc hands these to every constructor. Swift looks for them next to `environ`, which a preloaded library may have moved.
__attribute__((constructor)) static void remember(int count, char **values, char **environment) {
    (void)environment;
    // A standard stream that is closed would be the next file that is opened. What stands in for it can't be used either.
    for (int stream = 0; stream < 3; stream++) {
        if (fcntl(stream, F_GETFD) < 0) (void)!open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
    }
    argument_count = count;
    arguments = values;
}

int cstart_argument_count(void) { return argument_count; }

const char *cstart_argument(int index) { return index < argument_count ? arguments[index] : NULL; }

const char *cstart_variable(int index) { return environ ? environ[index] : NULL; }

int cstart_forbid_inspection(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int cstart_unset(const char *name) {
    char *value = getenv(name);
    if (value) explicit_bzero(value, strlen(value));
    return unsetenv(name);
}

int cstart_hide_environment(void) {
    size_t count = 0;
    while (environ && environ[count]) count++;
    char **copy = calloc(count + 1, sizeof *copy);
    if (!copy) return -1;
    for (size_t index = 0; index < count; index++) {
        copy[index] = strdup(environ[index]);
        if (!copy[index]) {
            while (index > 0) free(copy[--index]);
            free(copy);
            return -1;
        }
    }
    environ = copy;
    // The block that the kernel wrote stands behind the arguments, whatever `environ` has come to point at.
    for (char **entry = arguments + argument_count + 1; *entry; entry++) {
        if (strncmp(*entry, mark, sizeof mark - 1)) explicit_bzero(*entry, strlen(*entry));
    }
    return 0;
}
