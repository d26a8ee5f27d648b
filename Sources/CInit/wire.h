// What Init and the daemon say to each other, over a pair of Unix sockets of the type SOCK_SEQPACKET.
//
// One message is one packet: a head, then the bytes of a name, then opaque bytes. Descriptors travel beside it (SCM_RIGHTS). Numbers are in
// the machine's own order, for both ends are on one machine. Init outlives the daemon, also through an upgrade: it speaks the version that
// it was built with as long as the container lives, and tells it to the daemon with the socket's number, as `NUMBER:VERSION`. A message of
// another version, or one whose lengths are wrong, is dropped together with its descriptors.
//
// Daemon to Init:
//   KEEP       name, process, started, data, descriptors: keep this until it is forgotten. One that is there is replaced. The process is 0 for what
//              belongs to none, such as sockets that a service listens at.
//   MOVE       name, process, started: what is kept under this name is about another process from now on
//   COLLECTED  name, value: the daemon has collected the process, with this wait status
//   FORGET     name
//   HEARTBEAT  the daemon is well. The first one begins the watch over it.
//   BUDGET     value: from now on a stop may take so many milliseconds
//   LIST       index: asks for the first kept entry from this place on
//   VARIABLES  asks for the environment. What is passed to exec can be read in /proc by any process of the same user until the program has hidden it,
//              and services are running by then.
//   REPLACE    data, the path of a program: the daemon is about to end, and is to be started again at once, from there
//
// Init to daemon:
//   ENTRY      answers LIST: name, process, started, data, descriptors; index: its place; state: ENDED where the process has been collected,
//              and value is its wait status then. What LIST is answered with comes in order, and ENDED may come between.
//   END        answers LIST: there is none from this place on
//   VARIABLES  the answer, with a file as descriptor: variables as NAME=value, each with a zero byte after it. Without one where they were passed to
//              exec after all.
//   ENDED      name, process, started, value: a kept process has been collected, with this wait status. The entry stays until it is forgotten.
//   REFUSED    name, process: KEEP met a bound, and nothing is kept under this name
#pragma once
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CINIT_VERSION = 1 };
enum { CINIT_MOST_NAME = 255, CINIT_MOST_DATA = 4096, CINIT_MOST_DESCRIPTORS = 8 };
enum { CINIT_KEEP = 1, CINIT_FORGET = 2, CINIT_HEARTBEAT = 3, CINIT_BUDGET = 4, CINIT_LIST = 5, CINIT_REPLACE = 6, CINIT_MOVE = 7, CINIT_COLLECTED = 8, CINIT_VARIABLES = 9 };
enum { CINIT_ENTRY = 65, CINIT_END = 66, CINIT_ENDED = 67, CINIT_REFUSED = 68 };
enum { CINIT_STATE_RUNNING = 0, CINIT_STATE_ENDED = 1 };

struct cinit_head {
    uint8_t version;
    uint8_t kind;
    uint8_t state;
    uint8_t name_length;
    uint32_t data_length;
    int32_t process;
    int32_t index;
    /// Of the process: since the machine was started, in the kernel's ticks (proc_pid_stat(5), field 22). With it a number that is used again is
    /// told from the process that had it before.
    uint64_t started;
    int64_t value;
};

/// A message as it was received.
struct cinit_message {
    struct cinit_head head;
    uint8_t name[CINIT_MOST_NAME];
    uint8_t data[CINIT_MOST_DATA];
    int descriptors[CINIT_MOST_DESCRIPTORS];
    int descriptor_count;
    /// Whether descriptors got lost, for want of room for them here.
    int is_cut;
};

/// Sends a message; the lengths in its head count, and its version is set here. `flags` as for sendmsg(2). 0, or -1 with errno.
static inline int cinit_send(int socket, const struct cinit_message *message, int flags) {
    uint8_t bytes[sizeof(struct cinit_head) + CINIT_MOST_NAME + CINIT_MOST_DATA];
    struct cinit_head head = message->head;
    if (head.data_length > CINIT_MOST_DATA || message->descriptor_count < 0 || message->descriptor_count > CINIT_MOST_DESCRIPTORS) {
        errno = EMSGSIZE;
        return -1;
    }
    head.version = CINIT_VERSION;
    size_t length = sizeof head;
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + length, message->name, head.name_length);
    length += head.name_length;
    memcpy(bytes + length, message->data, head.data_length);
    length += head.data_length;
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * CINIT_MOST_DESCRIPTORS)];
    } control;
    struct iovec part = {bytes, length};
    struct msghdr packet;
    memset(&packet, 0, sizeof packet);
    packet.msg_iov = &part;
    packet.msg_iovlen = 1;
    if (message->descriptor_count > 0) {
        size_t size = sizeof(int) * (size_t)message->descriptor_count;
        memset(&control, 0, sizeof control);
        packet.msg_control = control.space;
        packet.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&packet);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(rights), message->descriptors, size);
    }
    ssize_t sent;
    do sent = sendmsg(socket, &packet, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

static inline void cinit_close_descriptors(struct cinit_message *message) {
    for (int i = 0; i < message->descriptor_count; i++) close(message->descriptors[i]);
    message->descriptor_count = 0;
}

/// Receives a message; its descriptors are the caller's, and closed in programs that are started. 1 for a message, 0 at the end, -1 with errno, and
/// with EBADMSG for one that was dropped.
static inline int cinit_receive(int socket, struct cinit_message *message, int flags) {
    uint8_t bytes[sizeof(struct cinit_head) + CINIT_MOST_NAME + CINIT_MOST_DATA];
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * CINIT_MOST_DESCRIPTORS)];
    } control;
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr packet;
    memset(&packet, 0, sizeof packet);
    packet.msg_iov = &part;
    packet.msg_iovlen = 1;
    packet.msg_control = control.space;
    packet.msg_controllen = sizeof control.space;
    message->descriptor_count = message->is_cut = 0;
    ssize_t length;
    do length = recvmsg(socket, &packet, flags | MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length <= 0) return (int)length;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&packet); part; part = CMSG_NXTHDR(&packet, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            if (message->descriptor_count < CINIT_MOST_DESCRIPTORS) message->descriptors[message->descriptor_count++] = descriptor;
            else close(descriptor);
        }
    }
    message->is_cut = (packet.msg_flags & MSG_CTRUNC) != 0;
    if (message->is_cut) cinit_close_descriptors(message);
    int is_good = (size_t)length >= sizeof(struct cinit_head) && !(packet.msg_flags & MSG_TRUNC);
    if (is_good) {
        memcpy(&message->head, bytes, sizeof message->head);
        struct cinit_head *head = &message->head;
        is_good = head->version == CINIT_VERSION && head->data_length <= CINIT_MOST_DATA
            && (size_t)length == sizeof *head + head->name_length + head->data_length;
    }
    if (!is_good) {
        cinit_close_descriptors(message);
        errno = EBADMSG;
        return -1;
    }
    memcpy(message->name, bytes + sizeof message->head, message->head.name_length);
    memcpy(message->data, bytes + sizeof message->head + message->head.name_length, message->head.data_length);
    return 1;
}
