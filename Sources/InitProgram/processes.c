#define _GNU_SOURCE
#include "processes.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct facts {
    char state;
    pid_t parent;
    uint64_t started;
};

/// 0, or -1 where there is no such process.
static int read_facts(pid_t process, struct facts *facts) {
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return -1;
    text[length] = 0;
    // The name in parentheses may hold anything: what follows the last one counts.
    char *end = strrchr(text, ')');
    if (!end) return -1;
    int parent;
    unsigned long long started;
    int found = sscanf(
        end + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &facts->state, &parent, &started);
    if (found != 3) return -1;
    facts->parent = parent;
    facts->started = started;
    return 0;
}

uint64_t process_start(pid_t process) {
    struct facts facts;
    return read_facts(process, &facts) == 0 ? facts.started : 0;
}

int has_children(void) {
    siginfo_t information;
    return waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

void signal_leftovers(int signal) {
    if (getpid() == 1) {
        kill(-1, signal);
        return;
    }
    DIR *folder = opendir("/proc");
    if (!folder) return;
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        pid_t process = atoi(entry->d_name);
        struct facts facts;
        if (process > 0 && read_facts(process, &facts) == 0 && facts.parent == getpid() && facts.state != 'Z') kill(process, signal);
    }
    closedir(folder);
}
