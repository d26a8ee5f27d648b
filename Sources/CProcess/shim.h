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
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Orphans of ours become our children instead of those of process 1.
static inline int cprocess_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/// The signal is sent to us when our parent ends.
static inline int cprocess_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/// A descriptor that tells the end of a process; -1 on kernels before 5.3.
static inline int cprocess_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

/// Has the processes of a group take their turn behind others at the processor. 0, or -1.
static inline int cprocess_set_nice(pid_t group, int nice) { return setpriority(PRIO_PGRP, (id_t)group, nice); }

/// The same at the disk; see ioprio_set(2) for the number.
static inline int cprocess_set_disk_priority(pid_t group, int priority) {
    // IOPRIO_WHO_PGRP
    return (int)syscall(SYS_ioprio_set, 2, group, priority);
}

static inline int cprocess_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
static inline int cprocess_exit_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

/// A pipe whose ends are closed in processes we start, and whose read end (`ends[0]`) doesn't block.
static inline int cprocess_pipe(int ends[2]) {
    // By number: the C library's own name for it is hidden from modules built without its extensions.
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0) return -1;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

/// A file in memory, closed in processes we start; -1 where the system has none.
static inline int cprocess_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u); }

/// Moves what a pipe holds, up to so many bytes, to an offset of a file, without waiting; gives how many, 0 at the pipe's end, or -1. The kernel does it:
/// each byte is in the pipe or in the file at any time.
static inline ssize_t cprocess_move(int pipe, int file, int64_t offset, size_t most) {
    // SPLICE_F_MOVE | SPLICE_F_NONBLOCK
    return (ssize_t)syscall(SYS_splice, pipe, NULL, file, &offset, most, 3u);
}

/// Gives back the room of a part of a file, which keeps its length.
static inline int cprocess_punch(int file, int64_t offset, int64_t length) {
    // FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    return (int)syscall(SYS_fallocate, file, 3, offset, length);
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

#include <sys/ioctl.h>

/// The columns of a terminal; 0 for anything else.
static inline int cprocess_terminal_columns(int file) {
    struct winsize size;
    return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// The rows of a terminal; 0 for anything else.
static inline int cprocess_terminal_rows(int file) {
    struct winsize size;
    return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

#include <sys/epoll.h>

static inline int cprocess_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

/// Registers a descriptor to be read, under a number of the caller's.
static inline int cprocess_epoll_add(int queue, int descriptor, uint64_t id) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = id}};
    return epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
}

/// Takes a descriptor off the list.
static inline void cprocess_epoll_remove(int queue, int descriptor) { epoll_ctl(queue, EPOLL_CTL_DEL, descriptor, NULL); }

/// Waits for up to so many milliseconds, -1 for without an end, and puts the numbers of those that can be read or have ended into `found`; gives how many.
static inline int cprocess_epoll_wait(int queue, uint64_t *found, int most, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(queue, events, most < 64 ? most : 64, milliseconds);
    for (int i = 0; i < count; i++) found[i] = events[i].data.u64;
    return count;
}

/// Starts a program in a session of its own: with no signal blocked or ignored, and with the descriptors 0, 1, 2 and so on that
/// `files` names, and no others. -1 in it stands for /dev/null. Gives the error number of what failed, also of exec.
static inline int cprocess_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *folder, const int *files, int count) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int failure = posix_spawnattr_init(&attributes);
    if (failure) return failure;
    failure = posix_spawn_file_actions_init(&actions);
    if (failure) {
        posix_spawnattr_destroy(&attributes);
        return failure;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // POSIX_SPAWN_SETSID, by number: its name is hidden from modules built without the C library's extensions.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80);
    if (folder) failure = posix_spawn_file_actions_addchdir_np(&actions, folder);
    for (int i = 0; i < count && !failure; i++) {
        failure = files[i] < 0 ? posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDONLY, 0)
                               : posix_spawn_file_actions_adddup2(&actions, files[i], i);
    }
    if (!failure) failure = posix_spawn_file_actions_addclosefrom_np(&actions, count);
    if (!failure) failure = posix_spawn(pid, path, &actions, &attributes, argv, envp);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

pid_t vfork(void) __attribute__((returns_twice));

/// The same for a program that is to find its own id in its environment: each of `numbers`, up to null, is the end of a string of `envp` with room for 11
/// bytes, and is written by the child. posix_spawn can't do that, for the id is not known before.
static inline int cprocess_spawn_numbered(
    pid_t *pid, const char *path, char *const argv[], char *const envp[], char *const numbers[], const char *folder, const int *files, int count
) {
    sigset_t all, before;
    sigfillset(&all);
    // No handler of ours may run in the child: it has our memory until exec.
    if (sigprocmask(SIG_SETMASK, &all, &before) != 0) return errno;
    volatile int failure = 0;
    pid_t child = vfork();
    if (child == 0) {
        struct sigaction usual;
        memset(&usual, 0, sizeof usual);
        usual.sa_handler = SIG_DFL;
        for (int signal = 1; signal < 65; signal++) sigaction(signal, &usual, NULL);
        int is_good = setsid() >= 0 && (!folder || chdir(folder) == 0);
        for (int i = 0; i < count && is_good; i++) {
            int file = files[i] < 0 ? open("/dev/null", O_RDONLY) : files[i];
            is_good = file == i ? fcntl(i, F_SETFD, 0) == 0 : dup2(file, i) >= 0;
        }
        if (is_good) {
            // close_range(2), by number for older headers; where the kernel has none, ours are closed on exec.
            syscall(436, (unsigned)count, ~0u, 0u);
            char digits[11];
            int length = 0;
            for (pid_t rest = getpid(); rest > 0; rest /= 10) digits[length++] = (char)('0' + rest % 10);
            for (int each = 0; numbers[each]; each++) {
                for (int i = 0; i < length; i++) numbers[each][i] = digits[length - 1 - i];
                numbers[each][length] = 0;
            }
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            execve(path, argv, envp);
        }
        failure = errno;
        _exit(127);
    }
    int error = child < 0 ? errno : failure;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child > 0 && error) waitpid(child, NULL, 0);
    *pid = child;
    return error;
}

/// Where a byte is written when a child has ended.
static int cprocess_child_end = -1;

static inline void cprocess_on_child_end(int signal) {
    (void)signal;
    int before = errno;
    char byte = 0;
    if (write(cprocess_child_end, &byte, 1) < 0) errno = before;
    errno = before;
}

/// From now on a byte is written to `file`, which must not block, when children have ended.
static inline int cprocess_tell_child_ends(int file) {
    cprocess_child_end = file;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = cprocess_on_child_end;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    return sigaction(SIGCHLD, &action, NULL);
}

/// A child that has ended.
struct cprocess_end {
    /// 0 when none has ended, -1 when there are none.
    pid_t child;
    int status;
    /// The most resident memory that it had, in bytes.
    int64_t peak;
};

/// Collects a child that has ended, any for -1.
static inline struct cprocess_end cprocess_collect(pid_t child) {
    struct rusage usage;
    struct cprocess_end end = {0, 0, 0};
    end.child = wait4(child, &end.status, WNOHANG, &usage);
    if (end.child > 0) end.peak = (int64_t)usage.ru_maxrss * 1024;
    return end;
}

/// Sends a signal to the process that a descriptor stands for, whatever became of its number.
static inline int cprocess_pidfd_signal(int process, int signal) { return (int)syscall(SYS_pidfd_send_signal, process, signal, NULL, 0); }

#include <time.h>

/// Hundredths of a second, or whatever the kernel's ticks are, since the machine was started; sleep counts.
static inline uint64_t cprocess_boot_ticks(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    long each = sysconf(_SC_CLK_TCK);
    return (uint64_t)now.tv_sec * each + (uint64_t)now.tv_nsec * each / 1000000000u;
}

/// 1 when there is a child, whether or not it has ended; 0 when there is none.
static inline int cprocess_has_children(void) {
    siginfo_t information;
    return waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/// 1 when there is such a child, whether or not it has ended; 0 when there is none.
static inline int cprocess_has_child(pid_t child) {
    siginfo_t information;
    return waitid(P_PID, (id_t)child, &information, WEXITED | WNOHANG | WNOWAIT) == 0;
}
