// Our end of the sockets between us and the daemon.
#pragma once
#include <limits.h>

/// Set for the daemon: the number of its end, a colon, and the version that we speak.
extern const char link_variable[];

/// What the daemon has reported.
struct report {
    /// How long a stop may take, in milliseconds.
    long budget;
    /// Heartbeats of this daemon.
    unsigned long heartbeats;
    /// It is to be started again from `program`, whatever its exit code.
    int is_replaced;
    char program[PATH_MAX];
};
extern struct report report;

/// Makes sockets for a new daemon; gives its end, which the caller closes, or -1 where the system has no descriptor left.
int link_open(void);

/// Our end; -1 while there is none.
int link_descriptor(void);

/// Takes in all that the daemon has said, and answers. Never waits.
void link_drain(void);

void link_close(void);

/// Tells the daemon what has become of a kept process.
struct entry;
void link_tell_ended(const struct entry *entry);
