// Notices a daemon that stands still.
#pragma once
#include "instant.h"

/// A daemon was started; it is watched from its first heartbeat on.
void watch_begin(void);

/// When to look next; NEVER while there is nothing to watch.
instant watch_next(void);

/// Looks, where it is time to. 1 when the daemon has not been heard of for too long.
int watch_look(void);
