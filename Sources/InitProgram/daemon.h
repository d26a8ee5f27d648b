// The daemon's process.
#pragma once
#include <sys/types.h>

/// The process; 0 while there is none.
extern pid_t daemon_process;

/// Starts it, with our environment and with its end of the sockets. 0, or the system's error number.
/// - words: the program and its arguments, ended by NULL.
int daemon_start(char *const words[]);

/// The same, from the file of the program before the one that was started last: whatever is at its path by now.
int daemon_start_former(char *const words[]);
