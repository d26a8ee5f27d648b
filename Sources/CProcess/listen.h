// Sockets that accept connections.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/// The lowest number that a socket gets: those below are the numbers that it has in a process that is started.
enum { CPROCESS_LISTEN_FIRST = 64 };

/// Begins to listen with a socket, at its new number. Gives that, or minus the error number; the old number is closed.
static inline int cprocess_listen(int file, const struct sockaddr *address, socklen_t length) {
    int moved = -1;
    // As many may wait as the system lets: net.core.somaxconn.
    if (bind(file, address, length) == 0 && listen(file, 65535) == 0) {
        moved = fcntl(file, F_DUPFD_CLOEXEC, CPROCESS_LISTEN_FIRST);
    }
    int failure = errno;
    close(file);
    return moved < 0 ? -failure : moved;
}

/// Listens at an address in numbers; at `::` also for IPv4. A descriptor that is closed in processes we start, or minus the error number.
static inline int cprocess_listen_tcp(const char *host, int port) {
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    memset(&six, 0, sizeof six);
    memset(&four, 0, sizeof four);
    int is_four = inet_pton(AF_INET, host, &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, host, &six.sin6_addr) != 1) return -EINVAL;
    int file = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, no = 0;
    if (file < 0) return -errno;
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (is_four) {
        four.sin_family = AF_INET;
        four.sin_port = htons((uint16_t)port);
        return cprocess_listen(file, (struct sockaddr *)&four, sizeof four);
    }
    setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons((uint16_t)port);
    return cprocess_listen(file, (struct sockaddr *)&six, sizeof six);
}

/// Another number of the same socket, of those from `CPROCESS_LISTEN_FIRST` on; its own where there is none.
static inline int cprocess_raised(int file) {
    int moved = file < CPROCESS_LISTEN_FIRST ? fcntl(file, F_DUPFD_CLOEXEC, CPROCESS_LISTEN_FIRST) : file;
    return moved < 0 ? file : moved;
}

/// Whether nobody listens at a path where a socket is.
static inline int cprocess_is_stale(const struct sockaddr_un *address) {
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) return 0;
    int is_stale = connect(file, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(file);
    return is_stale;
}

/// Listens at a path that everybody may connect to who may enter its folder. What is there is removed where it is a socket that nobody listens at. A
/// descriptor that is closed in processes we start, or minus the error number: ENOTSOCK for a file of another kind.
static inline int cprocess_listen_unix(const char *path) {
    struct sockaddr_un address;
    struct stat found;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    if (lstat(path, &found) == 0) {
        if (!S_ISSOCK(found.st_mode)) return -ENOTSOCK;
        if (!cprocess_is_stale(&address)) return -EADDRINUSE;
        unlink(path);
    }
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return -errno;
    int opened = cprocess_listen(file, (struct sockaddr *)&address, sizeof address);
    if (opened >= 0) chmod(path, 0666);
    return opened;
}
