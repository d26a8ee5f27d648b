#include "say.h"
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void say(const char *format, ...) {
    char line[1024] = "shipkeeper init: ";
    size_t start = strlen(line);
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line + start, sizeof line - start - 1, format, values);
    va_end(values);
    if (length < 0) return;
    size_t end = strlen(line);
    line[end++] = '\n';
    struct pollfd room = {STDERR_FILENO, POLLOUT, 0};
    if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT)) return;
    if (write(STDERR_FILENO, line, end) < 0) return;
}
