#define _GNU_SOURCE
#include "events.h"
#include "link.h"
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// Children first: what a stop is to do depends on what has ended.
static const int awaited[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP};
enum { AWAITED = sizeof awaited / sizeof *awaited };

static volatile sig_atomic_t has_come[NSIG];
static sigset_t while_waiting;
static int has_terminal;

static void note(int signal) { has_come[signal] = 1; }

void events_begin(void) {
    has_terminal = isatty(STDIN_FILENO);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigprocmask(SIG_SETMASK, NULL, &while_waiting);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    sigfillset(&action.sa_mask);
    for (int i = 0; i < AWAITED; i++) {
        // Whoever started us may have them ignored or blocked.
        sigaction(awaited[i], &action, NULL);
        sigaddset(&blocked, awaited[i]);
        sigdelset(&while_waiting, awaited[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

static int take_signal(void) {
    for (int i = 0; i < AWAITED; i++) {
        int signal = awaited[i];
        if (!has_come[signal]) continue;
        has_come[signal] = 0;
        return signal == SIGHUP && has_terminal ? SIGTERM : signal;
    }
    return 0;
}

int next_signal(instant until) {
    int signal = take_signal();
    if (signal) return signal;
    struct timespec wait;
    if (until != NEVER) {
        instant rest = until - now();
        if (rest < 0) rest = 0;
        wait = (struct timespec){rest / 1000, rest % 1000 * 1000000};
    }
    struct pollfd daemon = {link_descriptor(), POLLIN, 0};
    // They are blocked but while this waits: none gets lost between a look and the wait.
    int count = ppoll(&daemon, 1, until == NEVER ? NULL : &wait, &while_waiting);
    if (count > 0) link_drain();
    return take_signal();
}

int asks_for_stop(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT; }
