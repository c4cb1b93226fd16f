/* libsndfile is lenient: of a recording that was cut off it reads what is there, and of a rate of 0 it only says that
 * the file is malformed. Both deserve a word, so the chunks of a WAV file are looked through here first. */
#include "data/sound_wav.h"

#include <string.h>

/* Programs that write to a pipe cannot go back and fill in the size; this much, and 0, means: up to the end. */
#define UNKNOWN_SIZE 0x7ffff000u

static uint32_t take32(const unsigned char *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

rondo_status rondo__wav_check(const char *name, const void *data, size_t size, rondo_error *err) {
    const unsigned char *at = data, *end = at + size;
    if (size < 12 || memcmp(at, "RIFF", 4) != 0 || memcmp(at + 8, "WAVE", 4) != 0)
        return RONDO_OK;
    for (at += 12; end - at >= 8;) {
        const uint32_t claim = take32(at + 4);
        const size_t left = (size_t)(end - at) - 8;
        if (memcmp(at, "fmt ", 4) == 0 && claim >= 8 && left >= 8 && take32(at + 12) == 0)
            return rondo__fail(err, RONDO_FORMAT, "%s: its rate is 0 Hz (the header is wrong; write the file again)",
                               name);
        if (memcmp(at, "data", 4) == 0 && claim > left && claim < UNKNOWN_SIZE)
            return rondo__fail(err, RONDO_FORMAT,
                               "%s: its header promises %lu bytes of samples, but %zu are there (copy the file again)",
                               name, (unsigned long)claim, left);
        if (memcmp(at, "data", 4) == 0 || claim > left)
            break;
        at += 8 + claim;
        at += (claim & 1) && at < end; /* chunks begin at even places */
    }
    return RONDO_OK;
}
