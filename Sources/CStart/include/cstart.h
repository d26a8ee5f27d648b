// What the kernel handed this program when it started, whatever libraries have done to it since.
#pragma once

#include <stddef.h>

/// The arguments, the program's name first.
int cstart_argument_count(void);
const char *cstart_argument(int index);

/// Moves the environment to memory that only this process can read, and overwrites the block that the kernel shows in
/// /proc/PID/environ. `environ` and `getenv` work as before. Gives 0, or -1 where there is no memory: then nothing was changed.
/// To be called while there is one thread.
int cstart_hide_environment(void);

/// Takes the environment from Init, where one of ours is above: the variable of this name says where it is. Gives 0, or -1 where Init does not give it.
/// To be called while there is one thread, and once nobody can look into this process any more.
int cstart_receive_variables(const char *name);

/// No core dump, no tracer, and no reader of /proc/PID/mem or /proc/PID/environ without CAP_SYS_PTRACE. See prctl(2), PR_SET_DUMPABLE.
int cstart_forbid_inspection(void);

/// Takes a variable out of the environment and overwrites its value.
int cstart_unset(const char *name);

/// The variables of the environment as they stand now, each `NAME=value`; null after the last.
const char *cstart_variable(int index);

/// What the build has put into a section of this program that is not loaded; null where there is none, or it can't be read. The caller frees it. Blocks.
char *cstart_section(const char *name, size_t *length);

/// Takes this process's place with Init: the small program that the build has put into this one, from memory, else from a file in the state folder,
/// /run, /tmp or /dev/shm that is removed at once; else the file `beside`. Returns only where no way is left: the system's error number.
int cstart_become_init(const char *beside, char *const words[]);
