#define _GNU_SOURCE
#include "daemon.h"
#include "../CInit/wire.h"
#include "environment.h"
#include "link.h"
#include "restarts.h"
#include "watch.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

pid_t daemon_process;

/// The file of the program that was started last, and of the one before: they may be replaced or removed while we run.
static int file = -1, former_file = -1;

/// Whatever its path is, it shows itself under one name.
static char name[] = "shipkeeper";

static int spawn(const char *program, char *words[], int descriptor) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    sigemptyset(&none);
    int failure = posix_spawnattr_init(&attributes);
    if (failure) return failure;
    failure = posix_spawn_file_actions_init(&actions);
    if (failure) {
        posix_spawnattr_destroy(&attributes);
        return failure;
    }
    posix_spawnattr_setsigmask(&attributes, &none);
    // A group of its own: what is typed at a terminal reaches the daemon through us, and once.
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    // Onto itself: that takes the mark away that would close it in the daemon.
    if (descriptor >= 0) failure = posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor);
    if (!failure) failure = posix_spawn(&daemon_process, program, &actions, &attributes, words, environment_visible());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

/// Gives the daemon its end of the sockets, and starts it from a path.
static int begin(const char *program, char *words[]) {
    int descriptor = link_open();
    char text[32] = "";
    if (descriptor >= 0) snprintf(text, sizeof text, "%d:%d", descriptor, CINIT_VERSION);
    environment_set_text(link_variable, text);
    char *path = words[0];
    words[0] = name;
    int failure = spawn(program, words, descriptor);
    words[0] = path;
    if (descriptor >= 0) close(descriptor);
    if (failure) {
        daemon_process = 0;
        link_close();
    }
    watch_begin();
    restarts_begun();
    return failure;
}

static int begin_file(int descriptor, char *words[]) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return begin(path, words);
}

int daemon_start(char *words[]) {
    int failure = begin(words[0], words);
    if ((failure == ENOENT || failure == EACCES) && file >= 0) return begin_file(file, words);
    if (failure) return failure;
    if (former_file >= 0) close(former_file);
    former_file = file;
    file = open(words[0], O_PATH | O_CLOEXEC);
    return 0;
}

int daemon_start_former(char *words[]) {
    if (former_file < 0) return ENOENT;
    if (file >= 0) close(file);
    file = former_file;
    former_file = -1;
    return begin_file(file, words);
}
