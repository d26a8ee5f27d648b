#pragma once

/// Writes a line on standard error, where there is room for it: nobody may be reading.
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
