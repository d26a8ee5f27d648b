// What is kept for the next daemon, in the manner of systemd's file descriptor store: names with opaque bytes and descriptors.
#pragma once
#include "../CInit/wire.h"
#include <sys/types.h>

struct entry {
    /// 1 once the process has been collected, with this status.
    int has_ended;
    int status;
    struct cinit_message message;
};

enum { STORE_MOST_ENTRIES = 100 };

/// Takes the message's name, bytes and descriptors; replaces the entry of the same name. -1 where there is no room: the message is as it was then.
int store_keep(struct cinit_message *message);

void store_forget(const struct cinit_message *message);

/// The entry of the message's name is about the process that the message names from now on.
void store_move(const struct cinit_message *message);

/// The daemon has collected the process of the entry of the message's name.
void store_collected(const struct cinit_message *message);

/// The first entry from a place on; null where there is none. Its place is put into `index`.
struct entry *store_next(int32_t *index);

/// A process has been collected. Gives the entry that it belongs to, with its status in it; null for none.
struct entry *store_ended(pid_t process, uint64_t started, int status);

/// How many kept processes have not ended.
int store_running(void);
