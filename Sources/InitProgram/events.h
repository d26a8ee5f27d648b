// Signals, and what the daemon says, as events that are waited for together.
#pragma once
#include "instant.h"

/// From now on the signals that concern us are waited for, and those that don't are ignored. To be called once.
void events_begin(void);

/// The next signal that has come and was not taken yet; 0 where none has. Waits for one, or for the daemon to say something, until an instant.
/// SIGHUP is given as SIGTERM where the terminal that we were started from was closed.
int next_signal(instant until);

/// Whether a signal asks for a stop.
int asks_for_stop(int signal);
