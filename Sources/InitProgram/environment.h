#pragma once

/// Keeps the environment from other processes of the same user: it is moved out of what /proc shows, and nobody may trace this process or
/// read its memory. To be called first.
void environment_hide(int argc, char **argv);

/// What programs that are started get by exec: only what the loader and the runtime look at. The rest is in `environment_file`. Where there can be no
/// such file, it is everything.
char **environment_visible(void);

/// All variables, each with a zero byte after it, in a file in memory that is the caller's; -1 where they were passed to exec.
int environment_file(void);

/// Sets a variable to a number, for programs that are started.
void environment_set(const char *name, long long value);

/// Sets a variable to a text, for programs that are started.
void environment_set_text(const char *name, const char *value);
