// libzstd, loaded when it is first needed: only backups in the restic format compress with it. See docs/decisions/012-zstd.md.
//
// Functions here are those of zstd.h with czstd_ in place of ZSTD_, see https://facebook.github.io/zstd/doc/api_manual_latest.html. They belong to its
// stable interface. None of them may be called before czstd_load has succeeded.
#pragma once

#include <stddef.h>

typedef struct czstd_cctx czstd_cctx;
typedef struct czstd_dctx czstd_dctx;

// Loads libzstd. Safe from any thread, and cheap once it has succeeded. NULL where it has; else why not, which stays valid.
const char *czstd_load(void);

czstd_cctx *czstd_create_cctx(void);
void czstd_free_cctx(czstd_cctx *context);
czstd_dctx *czstd_create_dctx(void);
void czstd_free_dctx(czstd_dctx *context);

// Room enough for any result of compressing so many bytes.
size_t czstd_bound(size_t length);
// Compresses into one frame that names its content's size. Gives its length, or 0 on failure.
size_t czstd_compress(czstd_cctx *context, void *output, size_t room, const void *input, size_t length, int level);
// Decompresses one or more frames. Gives the content's length, (size_t)-1 where they are damaged, or (size_t)-2 where they need more room.
size_t czstd_decompress(czstd_dctx *context, void *output, size_t room, const void *input, size_t length);
// The content's size as the first frame names it, (size_t)-1 where it is damaged, or (size_t)-2 where it names none.
size_t czstd_content_size(const void *input, size_t length);
