// Points on a clock that does not jump, in milliseconds.
#pragma once
#include <stdint.h>
#include <time.h>

typedef int64_t instant;

#define NEVER INT64_MAX

static inline instant clock_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (instant)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// Sleep of the machine counts, as it does for anyone who waits for us.
static inline instant now(void) { return clock_of(CLOCK_BOOTTIME); }

/// Only time in which processes run.
static inline instant awake(void) { return clock_of(CLOCK_MONOTONIC); }

static inline instant earlier(instant one, instant other) { return one < other ? one : other; }
