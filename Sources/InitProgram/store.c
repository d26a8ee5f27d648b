#include "store.h"
#include <stdlib.h>
#include <string.h>

// Allocated where one is needed: most containers keep one or two.
static struct entry *entries[STORE_MOST_ENTRIES];

static int is_named(const struct entry *entry, const struct cinit_message *message) {
    return entry && entry->message.head.name_length == message->head.name_length
        && memcmp(entry->message.name, message->name, message->head.name_length) == 0;
}

static int place_of(const struct cinit_message *message) {
    for (int i = 0; i < STORE_MOST_ENTRIES; i++) {
        if (is_named(entries[i], message)) return i;
    }
    return -1;
}

static int free_place(void) {
    for (int i = 0; i < STORE_MOST_ENTRIES; i++) {
        if (!entries[i]) return i;
    }
    return -1;
}

int store_keep(struct cinit_message *message) {
    struct entry *entry = calloc(1, sizeof *entry);
    int place = place_of(message);
    if (place < 0) place = free_place();
    if (!entry || place < 0) {
        free(entry);
        return -1;
    }
    entry->message = *message;
    if (entries[place]) {
        cinit_close_descriptors(&entries[place]->message);
        free(entries[place]);
    }
    entries[place] = entry;
    message->descriptor_count = 0;
    return 0;
}

void store_forget(const struct cinit_message *message) {
    int place = place_of(message);
    if (place < 0) return;
    cinit_close_descriptors(&entries[place]->message);
    free(entries[place]);
    entries[place] = NULL;
}

void store_move(const struct cinit_message *message) {
    int place = place_of(message);
    if (place < 0) return;
    entries[place]->has_ended = 0;
    entries[place]->message.head.process = message->head.process;
    entries[place]->message.head.started = message->head.started;
}

void store_collected(const struct cinit_message *message) {
    int place = place_of(message);
    if (place < 0) return;
    entries[place]->has_ended = 1;
    entries[place]->status = (int)message->head.value;
}

struct entry *store_next(int32_t *index) {
    for (int32_t i = *index < 0 ? 0 : *index; i < STORE_MOST_ENTRIES; i++) {
        if (!entries[i]) continue;
        *index = i;
        return entries[i];
    }
    return NULL;
}

struct entry *store_ended(pid_t process, uint64_t started, int status) {
    for (int i = 0; i < STORE_MOST_ENTRIES; i++) {
        struct entry *entry = entries[i];
        if (!entry || entry->has_ended || entry->message.head.process != process || entry->message.head.started != started) continue;
        entry->has_ended = 1;
        entry->status = status;
        return entry;
    }
    return NULL;
}

int store_running(void) {
    int count = 0;
    for (int i = 0; i < STORE_MOST_ENTRIES; i++) count += entries[i] && !entries[i]->has_ended && entries[i]->message.head.process > 0;
    return count;
}
