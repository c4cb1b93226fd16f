/* libsndfile is lenient: of a recording that was cut off it reads what is there, of a rate of 0 it only says that the
 * file is malformed, and what begins like nothing it knows it gives to an MP3 decoder, which prints. So files are known
 * by how they begin, and the chunks of a WAV file are looked through here first. */
#include "data/sound_check.h"

#include <string.h>

/* Programs that write to a pipe cannot go back and fill in the size; this much means: up to the end. */
#define UNKNOWN_SIZE 0x7ffff000u
enum { MPEG = 0x50, MPEG_LAYER_3 = 0x55 };

static uint32_t take32(const unsigned char *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool begins_like_sound(const unsigned char *data, size_t size) {
    static const char names[][5] = {"RIFF", "RIFX", "RF64", "riff", "fLaC", "OggS", "FORM", ".snd", "caff"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (size >= 12 && memcmp(data, names[i], 4) == 0)
            return true;
    }
    return false;
}

/* The chunk "fmt ": so many bytes from its beginning are there. */
static rondo_status check_format(const char *name, const unsigned char *at, size_t size, rondo_error *err) {
    const int format = size >= 8 ? at[0] | at[1] << 8 : 0;
    if (format == MPEG || format == MPEG_LAYER_3)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: its samples are packed as MPEG audio (make a WAV or FLAC file of it)", name);
    if (size >= 8 && take32(at + 4) == 0)
        return rondo__fail(err, RONDO_FORMAT, "%s: its rate is 0 Hz (the header is wrong; write the file again)", name);
    return RONDO_OK;
}

/* Is this the beginning of a chunk? */
static bool is_chunk(const unsigned char *at, size_t size) {
    for (size_t i = 0; i < 4 && i < size; i++) {
        if (at[i] < 0x20 || at[i] > 0x7e)
            return false;
    }
    return size >= 8 && take32(at + 4) <= size - 8;
}

/* The chunk "data": left bytes are in the file from its beginning. */
static rondo_status check_data(const char *name, const unsigned char *at, uint32_t claim, size_t left,
                               rondo_error *err) {
    if (claim > left && claim < UNKNOWN_SIZE)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: its header promises %lu bytes of samples, but %zu are there (copy the file again)",
                           name, (unsigned long)claim, left);
    if (claim == 0 && left > 0 && !is_chunk(at, left))
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: its header says that there are no samples, but %zu bytes follow (write the file again)",
                           name, left);
    return RONDO_OK;
}

static rondo_status check_wav(const char *name, const unsigned char *at, const unsigned char *end, rondo_error *err) {
    while (end - at >= 8) {
        const uint32_t claim = take32(at + 4);
        const size_t left = (size_t)(end - at) - 8;
        if (memcmp(at, "data", 4) == 0)
            return check_data(name, at + 8, claim, left, err);
        if (memcmp(at, "fmt ", 4) == 0) {
            const rondo_status status = check_format(name, at + 8, claim < left ? claim : left, err);
            if (status)
                return status;
        }
        if (claim > left)
            break;
        at += 8 + claim;
        at += (claim & 1) && at < end; /* chunks begin at even places */
    }
    return RONDO_OK;
}

rondo_status rondo__sound_check(const char *name, const void *data, size_t size, rondo_error *err) {
    const unsigned char *at = data;
    if (size == 0)
        return rondo__fail(err, RONDO_FORMAT, "%s: the file is empty", name);
    if (!begins_like_sound(at, size))
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: not a sound file (make it WAV or FLAC; AIFF, AU, CAF and Ogg can be read, too)", name);
    if (memcmp(at, "RIFF", 4) == 0 && memcmp(at + 8, "WAVE", 4) == 0)
        return check_wav(name, at + 12, at + size, err);
    return RONDO_OK;
}
