#define _GNU_SOURCE
#include "environment.h"
#include "link.h"
#include "say.h"
#include "store.h"
#include <string.h>
#include <unistd.h>

const char link_variable[] = "SHIPKEEPER_INIT_SOCKET";

// Until the daemon has read its configuration.
struct report report = {.budget = 8000};

static int own_end = -1;

int link_open(void) {
    link_close();
    report.heartbeats = 0;
    report.is_replaced = 0;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    own_end = ends[0];
    return ends[1];
}

int link_descriptor(void) { return own_end; }

void link_close(void) {
    if (own_end >= 0) close(own_end);
    own_end = -1;
}

/// A daemon that does not read loses nothing: it asks for the list when it is started again.
static void answer(const struct cinit_message *message) { cinit_send(own_end, message, MSG_DONTWAIT); }

static void answer_list(int32_t index) {
    struct cinit_message message;
    struct entry *entry = store_next(&index);
    if (entry) {
        message = entry->message;
        message.head.kind = CINIT_ENTRY;
        message.head.index = index;
        message.head.state = entry->has_ended ? CINIT_STATE_ENDED : CINIT_STATE_RUNNING;
        message.head.value = entry->status;
    } else {
        memset(&message, 0, sizeof message);
        message.head.kind = CINIT_END;
    }
    answer(&message);
}

static void answer_variables(void) {
    struct cinit_message message;
    memset(&message, 0, sizeof message);
    message.head.kind = CINIT_VARIABLES;
    int file = environment_file();
    if (file >= 0) message.descriptors[message.descriptor_count++] = file;
    answer(&message);
    if (file >= 0) close(file);
}

static void keep(struct cinit_message *message) {
    if (!message->is_cut && store_keep(message) == 0) return;
    cinit_close_descriptors(message);
    message->head.kind = CINIT_REFUSED;
    message->head.data_length = 0;
    answer(message);
}

static void replace(const struct cinit_message *message) {
    if (message->head.data_length == 0 || message->head.data_length >= sizeof report.program) return;
    memcpy(report.program, message->data, message->head.data_length);
    report.program[message->head.data_length] = 0;
    report.is_replaced = 1;
}

static void take(struct cinit_message *message) {
    switch (message->head.kind) {
    case CINIT_KEEP: keep(message); break;
    case CINIT_FORGET: store_forget(message); break;
    case CINIT_MOVE: store_move(message); break;
    case CINIT_COLLECTED: store_collected(message); break;
    case CINIT_HEARTBEAT: report.heartbeats++; break;
    case CINIT_BUDGET:
        if (message->head.value > 0) report.budget = (long)message->head.value;
        break;
    case CINIT_LIST: answer_list(message->head.index); break;
    case CINIT_VARIABLES: answer_variables(); break;
    case CINIT_REPLACE: replace(message); break;
    }
    cinit_close_descriptors(message);
}

void link_drain(void) {
    static struct cinit_message message;
    while (own_end >= 0) {
        int found = cinit_receive(own_end, &message, MSG_DONTWAIT);
        if (found > 0) take(&message);
        else if (found == 0) link_close();
        else if (errno == EBADMSG) say("a message of the program was not understood");
        else return;
    }
}

void link_tell_ended(const struct entry *entry) {
    if (own_end < 0) return;
    struct cinit_message message = entry->message;
    message.head.kind = CINIT_ENDED;
    message.head.data_length = 0;
    message.head.value = entry->status;
    message.descriptor_count = 0;
    answer(&message);
}
