#pragma once

/// Keeps the environment from other processes of the same user: it is moved out of what /proc shows, and nobody may trace this process or
/// read its memory. To be called first.
void environment_hide(int argc, char **argv);

/// Sets a variable to a number, for programs that are started.
void environment_set(const char *name, long long value);

/// Sets a variable to a text, for programs that are started.
void environment_set_text(const char *name, const char *value);
