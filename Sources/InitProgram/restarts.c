#include "restarts.h"
#include <string.h>
#include <time.h>

enum { MOST_RESTARTS = 5, WINDOW = 600, MOST_TIMES = 16 };

// The wait doubles with each fault, up to this, in milliseconds.
enum { FIRST_PAUSE = 1000, FIRST_PAUSE_WITH_SERVICES = 250, LONGEST_PAUSE = 30000 };

static int count, replacements;
/// The newest last.
static time_t times[MOST_TIMES];
static int time_count;

int restarts_count(void) { return count; }

int restarts_lately(void) { return time_count; }

int restarts_allow(int has_services) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    int kept = 0;
    for (int i = 0; i < time_count; i++) {
        if (now.tv_sec - times[i] < WINDOW) times[kept++] = times[i];
    }
    if (kept == MOST_TIMES) memmove(times, times + 1, sizeof *times * --kept);
    times[kept] = now.tv_sec;
    time_count = kept + 1;
    count++;
    return has_services || time_count <= MOST_RESTARTS;
}

long restarts_pause(int has_services) {
    long pause = has_services ? FIRST_PAUSE_WITH_SERVICES : FIRST_PAUSE;
    for (int i = 1; i < time_count && pause < LONGEST_PAUSE; i++) pause *= 2;
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

int replacements_count(void) { return replacements; }

void restarts_replaced(void) { replacements++; }
