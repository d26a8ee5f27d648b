// Typed doors to calls that Swift can't make itself: variadic functions, and names hidden behind extensions.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/// Opens a name below a folder with close-on-exec. The mode counts where the flags create.
static inline int cfiles_openat(int folder, const char *name, int flags, mode_t mode) {
    return openat(folder, name, flags | O_CLOEXEC, mode);
}

/// O_PATH, which the C library shows to GNU programs only.
static const int cfiles_path_only = 010000000;

/// Opens a path of several names that stays below a folder and leads through no link.
static inline int cfiles_open_below(int folder, const char *path, int flags) {
    struct open_how how = {.flags = (unsigned long long)(flags | O_CLOEXEC), .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

/// Seek to the next data or hole, which the C library shows to GNU programs only.
static const int cfiles_seek_data = 3;
static const int cfiles_seek_hole = 4;

/// Locks or unlocks a stretch of a file for this open description alone (F_OFD_SETLK), without waiting.
static inline int cfiles_lock_range(int file, int type, off_t start, off_t count) {
    struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = count};
    return fcntl(file, 37 /* F_OFD_SETLK */, &lock);
}

/// Writes all that the file system of a descriptor still holds in memory.
static inline int cfiles_sync_file_system(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }

/// Makes two names change places in one step.
static inline int cfiles_exchange(int a, const char *from, int b, const char *to) {
    return (int)syscall(SYS_renameat2, a, from, b, to, 2u /* RENAME_EXCHANGE */);
}

/// A queue of changes to folders, which never blocks.
static inline int cfiles_inotify(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }

/// Adds a folder to a queue: names that come, go or are written below it, and its own end.
static inline int cfiles_inotify_add(int queue, const char *path) {
    return inotify_add_watch(queue, path,
                             IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

/// Marks of a change after which folders must be looked up again.
static const unsigned int cfiles_inotify_folders = IN_ISDIR | IN_Q_OVERFLOW | IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF;

/// Waits until a descriptor can be read: 1, or 0 when the milliseconds are over.
static inline int cfiles_wait_readable(int descriptor, int milliseconds) {
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    return poll(&entry, 1, milliseconds);
}

/// The cores that the scheduler lets this thread run on; 0 where it does not say.
static inline int cfiles_allowed_cores(void) {
    unsigned char mask[8192] = {0};
    long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long index = 0; index < size; index++) count += __builtin_popcount(mask[index]);
    return count;
}
