// The socket of sd_notify(3): datagrams whose sender the kernel names (unix(7)).
#pragma once
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// A socket with an abstract address: no file, and gone with its last holder. Does not block, and is closed in processes we start. -1 with errno.
static inline int cprocess_notify_socket(const char *name) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    size_t length = strlen(name);
    if (length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path + 1, name, length);
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
    if (file < 0) return -1;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    if (setsockopt(file, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0 && bind(file, (struct sockaddr *)&address, size) == 0) return file;
    int failure = errno;
    close(file);
    errno = failure;
    return -1;
}

/// A message at such a socket.
struct cprocess_notice {
    /// Its bytes; -1 where there is none.
    ssize_t length;
    /// 0 where it is not of this PID namespace.
    pid_t sender;
    /// Whether there was no room for all of it.
    int is_cut;
};

/// Looks at the next message, or takes it. Descriptors that come with it are never received: there is no room for them, so the kernel closes them.
static inline struct cprocess_notice cprocess_read_notice(int file, void *bytes, size_t most, int is_taken) {
    // As in SCM_CREDENTIALS and struct ucred, whose names are hidden from modules built without the C library's extensions.
    struct { int32_t process; uint32_t user, group; } sender;
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof sender)];
    } control;
    struct iovec part = {bytes, most};
    struct msghdr packet;
    memset(&packet, 0, sizeof packet);
    packet.msg_iov = &part;
    packet.msg_iovlen = 1;
    packet.msg_control = control.space;
    packet.msg_controllen = sizeof control.space;
    struct cprocess_notice notice = {-1, 0, 0};
    do notice.length = recvmsg(file, &packet, MSG_DONTWAIT | (is_taken ? 0 : MSG_PEEK));
    while (notice.length < 0 && errno == EINTR);
    if (notice.length < 0) return notice;
    notice.is_cut = (packet.msg_flags & MSG_TRUNC) != 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&packet); part; part = CMSG_NXTHDR(&packet, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != 2 || part->cmsg_len < CMSG_LEN(sizeof sender)) continue;
        memcpy(&sender, CMSG_DATA(part), sizeof sender);
        notice.sender = sender.process;
    }
    return notice;
}

/// From now on the kernel drops nothing at such a socket; init has it drop what does not matter while there is no daemon.
static inline void cprocess_notice_all(int file) {
    int none = 0;
    setsockopt(file, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
}
