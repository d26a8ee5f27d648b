// How often the daemon was started again, and whether it is once more.
#pragma once

/// Starts after a fault.
int restarts_count(void);

/// Starts because another program was to take the daemon's place.
int replacements_count(void);

/// Faults within the last ten minutes.
int restarts_lately(void);

/// Notes a fault; 0 when there were too many of them. With services that would go down with us there are never too many.
int restarts_allow(int has_services);

/// How long to wait before the next start, in milliseconds.
long restarts_pause(int has_services);

/// The daemon is started again because it was asked for.
void restarts_replaced(void);
