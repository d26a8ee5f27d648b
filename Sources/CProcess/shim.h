// Typed doors to what Swift can't call itself: variadic functions and macros.
#pragma once
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Orphans of ours become our children instead of those of process 1.
static inline int cprocess_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/// The signal is sent to us when our parent ends.
static inline int cprocess_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/// A descriptor that tells the end of a process; -1 on kernels before 5.3.
static inline int cprocess_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

static inline int cprocess_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
static inline int cprocess_exit_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

/// A pipe whose ends are closed in processes we start, and whose read end (`ends[0]`) doesn't block.
static inline int cprocess_pipe(int ends[2]) {
    // By number: the C library's own name for it is hidden from modules built without its extensions.
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0) return -1;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

static inline int cprocess_set_blocking(int file) { return fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK); }
static inline int cprocess_set_nonblocking(int file) { return fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK); }

/// Keeps a descriptor from processes we start.
static inline void cprocess_close_on_exec(int file) { fcntl(file, F_SETFD, FD_CLOEXEC); }

/// Makes a pipe hold up to so many bytes; what it holds then, or -1.
static inline int cprocess_pipe_size(int pipe, int size) {
    // F_SETPIPE_SZ, by number as above.
    return fcntl(pipe, 1031, size);
}

/// The environment of this process.
static inline char **cprocess_environ(void) {
    extern char **environ;
    return environ;
}

/// Opens a file with close-on-exec. The mode counts where the flags create.
static inline int cprocess_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

/// Puts the processes whose parent is `parent` into `found`; gives their number, or -1 where /proc can't be read.
static inline int cprocess_children(pid_t parent, pid_t *found, int most) {
    DIR *proc = opendir("/proc");
    if (!proc) return -1;
    int count = 0;
    struct dirent *entry;
    while (count < most && (entry = readdir(proc))) {
        int pid = atoi(entry->d_name);
        if (pid <= 0) continue;
        char path[32], text[512];
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        ssize_t length = read(file, text, sizeof text - 1);
        close(file);
        if (length <= 0) continue;
        text[length] = 0;
        // The name in parentheses may hold anything: what follows the last one counts.
        char *end = strrchr(text, ')');
        int ppid = 0;
        char state;
        if (end && sscanf(end + 1, " %c %d", &state, &ppid) == 2 && ppid == parent && state != 'Z') found[count++] = pid;
    }
    closedir(proc);
    return count;
}

#include <sys/ioctl.h>

/// The columns of a terminal; 0 for anything else.
static inline int cprocess_terminal_columns(int file) {
    struct winsize size;
    return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

#include <stdint.h>
#include <sys/epoll.h>

static inline int cprocess_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

/// Registers a descriptor to be read, under a number of the caller's.
static inline int cprocess_epoll_add(int queue, int descriptor, uint64_t id) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = id}};
    return epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
}

/// Waits, and puts the numbers of those that can be read or have ended into `found`; gives how many.
static inline int cprocess_epoll_wait(int queue, uint64_t *found, int most) {
    struct epoll_event events[64];
    int count = epoll_wait(queue, events, most < 64 ? most : 64, -1);
    for (int i = 0; i < count; i++) found[i] = events[i].data.u64;
    return count;
}
