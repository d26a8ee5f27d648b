// What the system says about processes, and to them.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// When a process was started, in the kernel's ticks; 0 where there is none. One that waits to be collected is there.
uint64_t process_start(pid_t process);

/// Whether we have a child, running or waiting to be collected.
int has_children(void);

/// Sends a signal to all that are left: to all processes of the container where we are process 1, else to our children. Grandchildren become our
/// children once their parents are gone, so repeating this reaches all.
void signal_leftovers(int signal);
