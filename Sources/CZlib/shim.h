// Typed doors to zlib, whose own names for these are macros.
#pragma once

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/// Room enough for any block of so many bytes.
static inline size_t czlib_bound(size_t length) { return length + length / 1000 + 256; }

/// Whether compressing some bytes would hardly make them fewer: in eight stretches of them all values
/// are about as frequent, and one from their middle does not get shorter.
static inline int czlib_is_dense(const unsigned char *input, size_t length) {
    enum { sample = 4096, stretches = 8 };
    if (length < stretches * sample / 4) return 0;
    unsigned counts[256] = {0};
    for (size_t stretch = 0; stretch < stretches; stretch++) {
        const unsigned char *bytes = input + (length - sample / 4) / (stretches - 1) * stretch;
        for (int index = 0; index < sample / 4; index++) counts[bytes[index]]++;
    }
    unsigned long long squares = 0, total = stretches * sample / 4;
    for (int value = 0; value < 256; value++) squares += (unsigned long long)counts[value] * counts[value];
    // For bytes without any order the sum is near total * total / 256 + total. A tenth more is a hundredth that compression could gain.
    if (squares > total * total / 256 * 11 / 10 + total) return 0;
    unsigned char output[sample + 64];
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, 1, Z_DEFLATED, -13, 6, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    stream.next_in = (Bytef *)input + (length - sample) / 2;
    stream.avail_in = sample;
    stream.next_out = output;
    stream.avail_out = sizeof output;
    int result = deflate(&stream, Z_FINISH);
    int isDense = result != Z_STREAM_END || stream.total_out > sample - sample / 50;
    deflateEnd(&stream);
    return isDense;
}

/// Compresses one block of a raw deflate stream so that it can be joined to others: the first 32 KiB back are `history`.
/// Gives the length written, or 0 on failure.
static inline size_t czlib_deflate_block(
    int level, const unsigned char *history, size_t historyLength, const unsigned char *input, size_t length,
    int isLast, unsigned char *output, size_t room) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    if (historyLength > 0) deflateSetDictionary(&stream, history, (uInt)historyLength);
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)length;
    stream.next_out = output;
    stream.avail_out = (uInt)room;
    int result = deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH);
    size_t written = room - stream.avail_out;
    int isWhole = stream.avail_in == 0 && stream.avail_out > 0 && result == (isLast ? Z_STREAM_END : Z_OK);
    deflateEnd(&stream);
    return isWhole ? written : 0;
}

/// A stream that reads gzip members; NULL without memory.
static inline z_stream *czlib_inflate_new(void) {
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream && inflateInit2(stream, 15 + 16) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static inline void czlib_inflate_free(z_stream *stream) {
    inflateEnd(stream);
    free(stream);
}

/// Takes from `input` and gives to `output`; tells how much of each, and zlib's verdict.
static inline int czlib_inflate(
    z_stream *stream, const unsigned char *input, size_t length, size_t *taken, unsigned char *output, size_t room,
    size_t *given) {
    stream->next_in = (Bytef *)input;
    stream->avail_in = (uInt)length;
    stream->next_out = output;
    stream->avail_out = (uInt)room;
    int result = inflate(stream, Z_NO_FLUSH);
    *taken = length - stream->avail_in;
    *given = room - stream->avail_out;
    return result;
}
