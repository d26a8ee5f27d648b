// Typed doors to calls that Swift can't make itself: variadic functions, and names hidden behind extensions.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Opens a name below a folder with close-on-exec. The mode counts where the flags create.
static inline int cfiles_openat(int folder, const char *name, int flags, mode_t mode) {
    return openat(folder, name, flags | O_CLOEXEC, mode);
}

/// Makes two names change places in one step.
static inline int cfiles_exchange(int a, const char *from, int b, const char *to) {
    return (int)syscall(SYS_renameat2, a, from, b, to, 2u /* RENAME_EXCHANGE */);
}
