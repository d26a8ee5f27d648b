#include "restarts.h"
#include "instant.h"

enum { MOST_RESTARTS = 5, WINDOW = 600000 };

// The wait doubles with each daemon that ends so soon, or before it was well, up to the longest. In milliseconds.
enum { SOON = 1000, FIRST_PAUSE = 1000, FIRST_PAUSE_WITH_SERVICES = 250, LONGEST_PAUSE = 30000 };

static int count, replacements;
static instant began;
/// Daemons in a row that ended too soon.
static int short_lives;
/// Faults without services, the newest last: one more than is allowed.
static instant times[MOST_RESTARTS + 1];
static int time_count;

int restarts_count(void) { return count; }

int restarts_lately(void) { return time_count; }

void restarts_counted(void) { count++; }

int restarts_allow(int has_services, int was_well) {
    restarts_counted();
    short_lives = was_well && awake() - began >= SOON ? 0 : short_lives + 1;
    if (has_services) return 1;
    instant at = now();
    int kept = 0;
    for (int i = 0; i < time_count; i++) {
        if (at - times[i] < WINDOW) times[kept++] = times[i];
    }
    times[kept] = at;
    time_count = kept + 1;
    return time_count <= MOST_RESTARTS;
}

void restarts_begun(void) { began = awake(); }

long restarts_pause(int has_services) {
    if (short_lives == 0) return 0;
    long pause = has_services ? FIRST_PAUSE_WITH_SERVICES : FIRST_PAUSE;
    for (int i = 1; i < short_lives && pause < LONGEST_PAUSE; i++) pause *= 2;
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

int replacements_count(void) { return replacements; }

void restarts_replaced(void) { replacements++; }
