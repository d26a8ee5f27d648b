// The stop, its deadline, and what is left at the end.
#pragma once
#include "instant.h"

/// A stop was asked for, with what the daemon has said that it may take.
void stop_begin(void);

int is_stopping(void);

/// The instant at which whatever is left is killed, so that it is gone when the stop budget is over; NEVER while nobody has asked for a stop.
instant kill_time(void);

/// How much of a stop's time is left, in milliseconds; only while stopping.
long stop_left(void);

/// The budget is used up: kills all that is left, and waits for next to nothing. Gives the exit code.
int end_now(void);

/// Ends whatever is left of the container's processes: asks, waits a moment, kills, and collects. Not beyond the deadline.
void end_leftovers(void);

/// Collects all that has ended. 1 when the daemon is among them: its wait status is put into `status`.
int collect(int *status);
