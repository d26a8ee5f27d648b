#include "watch.h"
#include "link.h"

// Three of them without a heartbeat, each as long as it should be, are too many. A machine that slept, or a container that was paused, lets a step
// take longer than that: who was not running could not be heard of, and the count restarts.
enum { STEP = 10000, MOST_STEPS = 3, TOLERANCE = 1000 };

static unsigned long last;
static int missed;
static instant next = NEVER, started;

void watch_begin(void) {
    last = 0;
    missed = 0;
    next = NEVER;
}

static void arm(void) {
    started = awake();
    next = now() + STEP;
}

instant watch_next(void) {
    if (next == NEVER && report.heartbeats > 0) {
        last = report.heartbeats;
        arm();
    }
    return next;
}

int watch_look(void) {
    if (watch_next() == NEVER || now() < next) return 0;
    int is_late = now() > next + TOLERANCE || awake() > started + STEP + TOLERANCE;
    missed = report.heartbeats != last || is_late ? 0 : missed + 1;
    last = report.heartbeats;
    arm();
    return missed >= MOST_STEPS;
}
