// The service and the job of the benchmark: it reports its first instruction, and does as little as possible besides.
//
//   stamp FILE                  one line, and the end
//   stamp FILE serve            one line, then waits for a signal
//   stamp FILE family           the same, with a child in its own group and a daemon in a session of its own
//   stamp FILE log LINES        one line; at SIGUSR1 so many lines of 103 bytes on standard output; another line; waits
//   stamp - reap PROGRAM…       process 1 of the benchmark: runs the program, collects orphans, ends with it
//
// A line is: CLOCK_MONOTONIC and CLOCK_REALTIME in ns, CPU used so far in ns, process id, what it is. FILE may be a named pipe.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void stamp(const char *path, long long monotonic, const char *what) {
    char line[160];
    int length = snprintf(line, sizeof line, "%lld %lld %lld %d %s\n", monotonic, now(CLOCK_REALTIME), now(CLOCK_PROCESS_CPUTIME_ID), (int)getpid(), what);
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file < 0 || write(file, line, (size_t)length) != length) _exit(1);
    close(file);
}

static void wait_forever(void) {
    for (;;) pause();
}

static void family(const char *path, long long began) {
    if (fork() == 0) {
        stamp(path, now(CLOCK_MONOTONIC), "child");
        wait_forever();
    }
    if (fork() == 0) {
        if (fork() == 0) {
            setsid();
            stamp(path, now(CLOCK_MONOTONIC), "daemon");
            wait_forever();
        }
        _exit(0);
    }
    stamp(path, began, "serve");
    wait_forever();
}

static void fill(const char *path, long count) {
    static char block[103 * 40 + 1];
    for (long line = 0; line < count;) {
        size_t length = 0;
        for (int index = 0; index < 40 && line < count; index++, line++) {
            length += (size_t)snprintf(block + length, sizeof block - length, "line %08ld %.*s\n", line, 88,
                "the quick brown fox jumps over the lazy dog, again and again, until the disk is full of it ...........");
        }
        for (size_t done = 0; done < length;) {
            ssize_t written = write(STDOUT_FILENO, block + done, length - done);
            if (written < 0) _exit(1);
            done += (size_t)written;
        }
    }
    stamp(path, now(CLOCK_MONOTONIC), "written");
}

static int reap(char **program) {
    pid_t child = fork(), ended;
    int status;
    if (child == 0) {
        execvp(program[0], program);
        _exit(127);
    }
    while ((ended = wait(&status)) != child) {
        if (ended < 0 && errno != EINTR) return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **words) {
    long long began = now(CLOCK_MONOTONIC);
    if (count < 2) return 2;
    if (count == 2) {
        stamp(words[1], began, "run");
        return 0;
    }
    if (strcmp(words[2], "reap") == 0 && count > 3) return reap(words + 3);
    if (strcmp(words[2], "family") == 0) family(words[1], began);
    if (strcmp(words[2], "log") == 0 && count > 3) {
        sigset_t set;
        int signal;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        stamp(words[1], began, "serve");
        sigwait(&set, &signal);
        fill(words[1], atol(words[3]));
    } else {
        stamp(words[1], began, "serve");
    }
    wait_forever();
}
