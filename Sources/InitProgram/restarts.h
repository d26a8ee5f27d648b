// How often the daemon was started again, and whether it is once more.
#pragma once

/// Starts after a fault.
int restarts_count(void);

/// Starts because another program was to take the daemon's place.
int replacements_count(void);

/// Faults within the last ten minutes at which no service was running.
int restarts_lately(void);

/// Counts a fault after which the daemon is started again in any case: that of a new program in its trial.
void restarts_counted(void);

/// Counts a fault; 0 when there were too many of them. With services that would go down with us there are never too many.
/// - was_well: the daemon had reported that it was well.
int restarts_allow(int has_services, int was_well);

/// A daemon begins.
void restarts_begun(void);

/// How long to wait before the next start, in milliseconds: not at all after a daemon that was well for a while, longer after each other one in a row.
long restarts_pause(int has_services);

/// The daemon is started again because it was asked for.
void restarts_replaced(void);
