// Process 1, or a child subreaper where another init is above us: starts the daemon as its child, forwards signals, reaps every orphan, and passes on
// the exit code. A daemon that dies of a fault is started again, and takes over the services whose descriptors are kept here.
//
// It keeps the stop deadline, because it needs nobody for that: whatever the daemon does or waits for, all processes are gone when the stop budget is
// over. A process apart, because code that waits for any child takes exit codes from code that waits for one.
//
// Started as: shipkeeper-init PROGRAM WORD…, which starts PROGRAM WORD….
#define _GNU_SOURCE
#include "daemon.h"
#include "ending.h"
#include "environment.h"
#include "events.h"
#include "link.h"
#include "notices.h"
#include "restarts.h"
#include "say.h"
#include "store.h"
#include "watch.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// In milliseconds: the pause, and what a daemon needs to begin and to stop something.
enum { CANNOT_START = 127, PAUSE_WHILE_SHORT = 1000, LEAST_FOR_STOP = 1000 };

static char **words;

/// What a daemon is told that is about to be started.
static void tell(void) {
    environment_set("SHIPKEEPER_RESTARTS", restarts_count());
    environment_set("SHIPKEEPER_UPGRADES", replacements_count());
    if (is_stopping()) environment_set("SHIPKEEPER_STOP_LEFT_MS", stop_left());
}

static int start(void) {
    tell();
    int failure = daemon_start(words);
    if (failure) say("the program could not be started: %s", strerror(failure));
    return failure;
}

/// Waits, still collecting what ends; 0 when a stop is asked for meanwhile.
static int rest(long milliseconds) {
    instant end = now() + milliseconds;
    while (now() < end) {
        int status, signal = next_signal(end);
        if (signal == SIGCHLD) collect(&status);
        if (asks_for_stop(signal)) {
            stop_begin();
            return 0;
        }
    }
    return 1;
}

/// What the system may be short of for a moment.
static int is_shortage(int failure) { return failure == EAGAIN || failure == ENOMEM || failure == EMFILE || failure == ENFILE; }

/// Starts the daemon, and waits where the system has no room for a process just now; 0 when it can't be started, or a stop was asked for.
static int start_when_possible(void) {
    int failure;
    while ((failure = start())) {
        if (!is_shortage(failure) || !rest(PAUSE_WHILE_SHORT)) return 0;
    }
    return 1;
}

/// Ends all that is left, for good.
static int leave(int code) {
    end_leftovers();
    return code;
}

/// The path of the program before this one, until this one has shown that it is well.
static char *former;

/// The program before is started again, for the one that has replaced it is not well. 0 when that is not possible.
static int go_back(void) {
    words[0] = former;
    former = NULL;
    say("the new program has ended before it was well; starting the one before it again");
    tell();
    return daemon_start_former(words) == 0 || start_when_possible();
}

/// The daemon is to be replaced by another program. 0 when none could be started.
static int replace(void) {
    char *program = strdup(report.program);
    if (!program) return start_when_possible();
    former = words[0];
    words[0] = program;
    restarts_replaced();
    return start() == 0 || go_back();
}

/// A daemon that was killed while it stopped has not stopped services in their order, read their last lines or made the last backup: another one does
/// that in the time that is left. Not after a daemon that has ended by itself.
static int continue_stop(int signal, int was_well) {
    if (!signal) return 0;
    restarts_allow(1, was_well);
    long pause = restarts_pause(1);
    if (stop_left() - pause < LEAST_FOR_STOP) return 0;
    say("the program was ended by signal %d while it stopped; starting it again to continue the stop", signal);
    return rest(pause) && start_when_possible();
}

/// What follows the daemon's end: the exit code to pass on, or -1 when it was started again.
static int conclude(int status) {
    link_drain();
    int is_replaced = report.is_replaced, was_well = report.heartbeats > 0, is_trial = former && !was_well;
    daemon_process = 0;
    link_close();
    notices_thin();
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    int code = signal ? 128 + signal : WEXITSTATUS(status);
    if (is_stopping()) return continue_stop(signal, was_well) ? -1 : leave(code);
    if (is_replaced) return replace() ? -1 : leave(CANNOT_START);
    if (is_trial) {
        restarts_counted();
        return go_back() ? -1 : leave(code);
    }
    former = NULL;
    // Without services there is nothing to lose: what is left is ended, and in the end the program is given up.
    int has_services = store_running() > 0;
    // One that can't take services over, such as for a mistake in its configuration, is no reason to end them.
    int is_unfit = has_services && code != 0 && !was_well;
    if (!signal && !is_unfit) return leave(code);
    if (!has_services) end_leftovers();
    if (!restarts_allow(has_services, was_well)) {
        say("the program was ended by signal %d for the %dth time in ten minutes; giving up", signal, restarts_lately());
        return leave(code);
    }
    long pause = restarts_pause(has_services);
    char start[64] = "starting it again";
    if (pause) snprintf(start, sizeof start, "starting it again in %ld ms", pause);
    const char *services = has_services ? "; services continue" : "";
    if (signal) say("the program was ended by signal %d; %s%s", signal, start, services);
    else say("the program ended with code %d before it could take services over; %s%s", code, start, services);
    // A stop that comes meanwhile is the next one's to carry out, where there are services to stop in their order.
    return (rest(pause) || has_services) && start_when_possible() ? -1 : leave(code);
}

static int run(void) {
    if (!start_when_possible()) return CANNOT_START;
    int held = 0;
    while (1) {
        if (held && report.heartbeats > 0) {
            kill(daemon_process, held);
            held = 0;
        }
        if (now() >= kill_time()) return end_now();
        if (!is_stopping() && watch_look()) {
            say("the program has not answered for half a minute; killing it");
            kill(daemon_process, SIGKILL);
        }
        int status, signal = next_signal(is_stopping() ? kill_time() : watch_next());
        if (signal == SIGCHLD) {
            if (!collect(&status)) continue;
            int code = conclude(status);
            if (code >= 0) return code;
        } else if (signal > 0) {
            if (asks_for_stop(signal)) stop_begin();
            // A daemon that begins would end at once, and leave services that it was to stop in their order.
            if (asks_for_stop(signal) && report.heartbeats == 0 && store_running() > 0) held = signal;
            else kill(daemon_process, signal);
        }
    }
}

int main(int argc, char **argv) {
    environment_hide(argc, argv);
    prctl(PR_SET_NAME, "shipkeeper-init", 0, 0, 0);
    if (argc < 2) {
        say("this program is started by \"shipkeeper run\"");
        return 2;
    }
    words = argv + 1;
    if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) say("orphans can't be taken care of here: %s", strerror(errno));
    events_begin();
    environment_set("SHIPKEEPER_INIT_STARTED", time(NULL));
    return run();
}
