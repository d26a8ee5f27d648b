#include "czstd.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int loaded;
static char failure[512];

static struct {
    czstd_cctx *(*createCCtx)(void);
    size_t (*freeCCtx)(czstd_cctx *);
    czstd_dctx *(*createDCtx)(void);
    size_t (*freeDCtx)(czstd_dctx *);
    size_t (*compressBound)(size_t);
    size_t (*compressCCtx)(czstd_cctx *, void *, size_t, const void *, size_t, int);
    size_t (*decompressDCtx)(czstd_dctx *, void *, size_t, const void *, size_t);
    unsigned long long (*getFrameContentSize)(const void *, size_t);
    unsigned (*isError)(size_t);
    int (*getErrorCode)(size_t);
} library;

static const char *load(void) {
    void *handle = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *reason = dlerror();
        snprintf(failure, sizeof failure, "libzstd can't be loaded (%s); install it (Debian and Ubuntu: libzstd1)", reason ? reason : "libzstd.so.1");
        return failure;
    }
#define FIND(name)                                                                                        \
    library.name = (__typeof__(library.name))dlsym(handle, "ZSTD_" #name);                                \
    if (!library.name) {                                                                                  \
        snprintf(failure, sizeof failure, "libzstd has no ZSTD_%s: it is too old, 1.3 is needed", #name); \
        return failure;                                                                                   \
    }
    FIND(createCCtx)
    FIND(freeCCtx)
    FIND(createDCtx)
    FIND(freeDCtx)
    FIND(compressBound)
    FIND(compressCCtx)
    FIND(decompressDCtx)
    FIND(getFrameContentSize)
    FIND(isError)
    FIND(getErrorCode)
    loaded = 1;
    return NULL;
}

const char *czstd_load(void) {
    pthread_mutex_lock(&lock);
    const char *result = loaded ? NULL : load();
    pthread_mutex_unlock(&lock);
    return result;
}

czstd_cctx *czstd_create_cctx(void) { return library.createCCtx(); }
void czstd_free_cctx(czstd_cctx *context) { library.freeCCtx(context); }
czstd_dctx *czstd_create_dctx(void) { return library.createDCtx(); }
void czstd_free_dctx(czstd_dctx *context) { library.freeDCtx(context); }
size_t czstd_bound(size_t length) { return library.compressBound(length); }

size_t czstd_compress(czstd_cctx *context, void *output, size_t room, const void *input, size_t length, int level) {
    size_t result = library.compressCCtx(context, output, room, input, length, level);
    return library.isError(result) ? 0 : result;
}

size_t czstd_decompress(czstd_dctx *context, void *output, size_t room, const void *input, size_t length) {
    size_t result = library.decompressDCtx(context, output, room, input, length);
    if (!library.isError(result)) return result;
    // ZSTD_error_dstSize_tooSmall of zstd_errors.h.
    return library.getErrorCode(result) == 70 ? (size_t)-2 : (size_t)-1;
}

size_t czstd_content_size(const void *input, size_t length) {
    unsigned long long size = library.getFrameContentSize(input, length);
    if (size == (unsigned long long)-1) return (size_t)-2;
    // Its other error value, and what does not fit into memory anyway.
    return size >= (unsigned long long)1 << 40 ? (size_t)-1 : (size_t)size;
}
