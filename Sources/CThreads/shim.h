// Threads of the C library, with the results of all calls.
#pragma once
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>

typedef void *_Nullable (*cthreads_body)(void *_Nullable);

/// Starts a thread that nobody joins. 0, or the error number: EAGAIN where the limit on processes or memory is reached.
static inline int cthreads_start(size_t stack, cthreads_body _Nonnull body, void *_Nullable context) {
    pthread_attr_t attributes;
    int failure = pthread_attr_init(&attributes);
    if (failure) return failure;
    pthread_t thread;
    failure = pthread_attr_setstacksize(&attributes, stack);
    if (!failure) failure = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (!failure) failure = pthread_create(&thread, &attributes, body, context);
    pthread_attr_destroy(&attributes);
    return failure;
}

/// Names the thread that calls, with up to 15 bytes.
static inline void cthreads_name(const char *_Nonnull name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline void *_Nullable cthreads_wait(void *_Nullable gate) {
    pthread_mutex_lock((pthread_mutex_t *)gate);
    pthread_mutex_unlock((pthread_mutex_t *)gate);
    return NULL;
}

/// How many threads more, up to `most` and 64, could be started just now. Starts them, and returns when all have ended.
static inline int cthreads_probe(int most, size_t stack) {
    if (most > 64) most = 64;
    pthread_t threads[64];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return 0;
    pthread_attr_setstacksize(&attributes, stack);
    pthread_mutex_lock(&gate);
    int count = 0;
    while (count < most && pthread_create(&threads[count], &attributes, cthreads_wait, &gate) == 0) count++;
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    pthread_attr_destroy(&attributes);
    return count;
}
