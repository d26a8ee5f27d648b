#define _GNU_SOURCE
#include "ending.h"
#include "daemon.h"
#include "link.h"
#include "processes.h"
#include "say.h"
#include "store.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// How long killed processes may take to vanish, and leftovers to end when they are asked to, in milliseconds.
enum { LONGEST_DYING = 250, LEFTOVER_GRACE = 500, LONGEST_KILLING = 2500 };

static long budget;
static instant killing = NEVER;

static long dying(void) { return earlier(LONGEST_DYING, budget / 20); }

void stop_begin(void) {
    if (is_stopping()) return;
    link_drain();
    budget = report.budget;
    killing = now() + budget - dying();
}

int is_stopping(void) { return killing != NEVER; }

instant kill_time(void) { return killing; }

int collect(int *daemon_status) {
    int is_daemon_gone = 0;
    siginfo_t end;
    while (end.si_pid = 0, waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid > 0) {
        pid_t process = end.si_pid;
        // It became our child when the daemon ended. What that has said about it before is there.
        link_drain();
        uint64_t started = process_start(process);
        int status = 0;
        if (waitpid(process, &status, WNOHANG) != process) continue;
        if (process == daemon_process) {
            is_daemon_gone = 1;
            *daemon_status = status;
            continue;
        }
        struct entry *entry = store_ended(process, started, status);
        if (entry) link_tell_ended(entry);
    }
    return is_daemon_gone;
}

static void collect_leftovers(void) {
    int status;
    collect(&status);
}

static void kill_leftovers(instant until) {
    do {
        signal_leftovers(SIGKILL);
        collect_leftovers();
        if (!has_children()) return;
        usleep(5000);
    } while (now() < until);
}

long stop_left(void) {
    instant left = killing - now();
    return left > 0 ? left : 0;
}

int end_now(void) {
    if (daemon_process > 0) kill(daemon_process, SIGKILL);
    kill_leftovers(now() + dying());
    say("the stop budget of %ld ms is used up; everything was killed", budget);
    return 1;
}

void end_leftovers(void) {
    // Services that nobody can stop in order any more get the time that is left.
    instant grace = store_running() > 0 && is_stopping() ? killing : earlier(killing, now() + LEFTOVER_GRACE);
    signal_leftovers(SIGTERM);
    while (now() < grace) {
        collect_leftovers();
        if (!has_children()) return;
        usleep(10000);
    }
    instant latest = now() + LONGEST_KILLING;
    kill_leftovers(is_stopping() ? earlier(killing + LONGEST_DYING, latest) : latest);
}
