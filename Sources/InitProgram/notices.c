#include "notices.h"
#include "store.h"
#include <stdint.h>
#include <sys/socket.h>

// A queue has net.unix.max_dgram_qlen places, 10 by default, and the sender of more waits. A filter sees a message before that: one that it does not pass is
// gone, and its sender has sent it. It passes what begins with neither WATCHDOG=1 nor STATUS=, and those of them that have more than one line. It can
// only look at a fixed number of bytes: what is longer is passed.
enum { PASS = 0x7fffffff, STATUS_AT = 7, MOST_LOOKED_AT = 100, LONGEST_PING = 11, BEFORE_LOOKS = 9 };
enum { MOST_STEPS = BEFORE_LOOKS + 3 * MOST_LOOKED_AT + 1 };
// Of linux/filter.h and linux/bpf_common.h, which musl does not bring.
struct step {
    uint16_t code;
    uint8_t if_true, if_false;
    uint32_t value;
};
struct steps {
    unsigned short count;
    struct step *first;
};
enum { LOAD_WORD = 0x20, LOAD_BYTE = 0x30, LOAD_LENGTH = 0x80, IF_EQUAL = 0x15, IF_GREATER = 0x25, RETURN = 0x06 };

/// A filter that looks for a line break at so many bytes. A look beyond the end drops the message.
static int filter(int socket, int looks) {
    static struct step steps[MOST_STEPS] = {
        {LOAD_WORD, 0, 0, 0},
        {IF_EQUAL, 0, 5, 0x57415443}, // "WATC"
        {LOAD_BYTE, 0, 0, 9},
        {IF_EQUAL, 0, 4, '1'},
        {LOAD_LENGTH, 0, 0, 0},
        {IF_GREATER, 3, 0, LONGEST_PING},
        {RETURN, 0, 0, 0},
        {IF_EQUAL, 1, 0, 0x53544154}, // "STAT"
        {RETURN, 0, 0, PASS},
    };
    unsigned short count = BEFORE_LOOKS;
    for (int i = 0; i < looks; i++) {
        steps[count++] = (struct step){LOAD_BYTE, 0, 0, STATUS_AT + (uint32_t)i};
        steps[count++] = (struct step){IF_EQUAL, 0, 1, '\n'};
        steps[count++] = (struct step){RETURN, 0, 0, PASS};
    }
    steps[count++] = (struct step){RETURN, 0, 0, PASS};
    struct steps program = {count, steps};
    return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int option(int socket, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : 0;
}

void notices_thin(void) {
    struct entry *entry;
    for (int32_t index = 0; (entry = store_next(&index)); index++) {
        for (int i = 0; i < entry->message.descriptor_count; i++) {
            int socket = entry->message.descriptors[i];
            if (option(socket, SO_DOMAIN) != AF_UNIX || option(socket, SO_TYPE) != SOCK_DGRAM) continue;
            // A kernel may have too little room for the long one.
            if (filter(socket, MOST_LOOKED_AT) != 0) filter(socket, 0);
        }
    }
}
