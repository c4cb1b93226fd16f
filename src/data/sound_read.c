/* Recordings from files, through libsndfile's virtual files: the bytes are in memory, whatever they came from.
 *
 * Nothing that a header claims decides how much memory is taken: samples are read block by block until they end, and
 * the array doubles as they come. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "data/sound_check.h"
#include "rondo/audio.h"

#define MAX_BYTES ((size_t)4 << 30)
#define MAX_COUNT ((int64_t)1 << 30) /* samples: a small file may unpack to years of silence */
#define MAX_CHANNELS 64
#define MAX_LEVEL 1e10f /* beyond, the energies of a frame would not be finite; full scale is 1 */

void rondo_sound_free(rondo_sound *sound) {
    if (!sound)
        return;
    rondo__free(sound->sample);
    *sound = (rondo_sound){0};
}

#ifdef RONDO_HAVE_SNDFILE
#include <sndfile.h>

#define BLOCK 4096 /* samples of each channel */

typedef struct bytes {
    const unsigned char *data;
    sf_count_t size, at;
} bytes;

static sf_count_t bytes_size(void *arg) { return ((bytes *)arg)->size; }
static sf_count_t bytes_at(void *arg) { return ((bytes *)arg)->at; }
static sf_count_t bytes_seek(sf_count_t offset, int whence, void *arg) {
    bytes *b = arg;
    sf_count_t to;
    if (__builtin_add_overflow(offset, whence == SEEK_CUR ? b->at : whence == SEEK_END ? b->size : 0, &to))
        return b->at;
    b->at = to < 0 ? 0 : to > b->size ? b->size : to;
    return b->at;
}
static sf_count_t bytes_read(void *out, sf_count_t count, void *arg) {
    bytes *b = arg;
    const sf_count_t left = b->size - b->at, n = count < left ? count : left;
    if (n <= 0)
        return 0;
    memcpy(out, b->data + b->at, (size_t)n);
    b->at += n;
    return n;
}
static sf_count_t bytes_write(const void *data, sf_count_t count, void *arg) {
    (void)data, (void)count, (void)arg;
    return 0;
}

static rondo_status open_sound(SNDFILE **file, SF_INFO *info, const char *name, bytes *b, rondo_error *err) {
    static SF_VIRTUAL_IO calls = {bytes_size, bytes_seek, bytes_read, bytes_write, bytes_at};
    char story[160];
    *file = NULL;
    const rondo_status status = rondo__sound_check(name, b->data, (size_t)b->size, err);
    if (status)
        return status;
    *file = sf_open_virtual(&calls, SFM_READ, info, b);
    if (!*file) {
        snprintf(story, sizeof story, "%s", sf_strerror(NULL));
        for (char *c = story; *c; c++)
            *c = *c == '\n' || *c == '\r' ? ' ' : *c; /* errors are one line */
        return rondo__fail(err, RONDO_FORMAT, "%s: not a sound file that can be read: %s", name, story);
    }
    if (info->samplerate < 1 || info->samplerate > RONDO_MAX_RATE)
        return rondo__fail(err, RONDO_FORMAT, "%s: its rate is %d Hz (must be 1 to %d)", name, info->samplerate,
                           RONDO_MAX_RATE);
    if (info->channels < 1 || info->channels > MAX_CHANNELS)
        return rondo__fail(err, RONDO_FORMAT, "%s: it has %d channels (must be 1 to %d)", name, info->channels,
                           MAX_CHANNELS);
    return RONDO_OK;
}

/* Room for so many samples more. */
static rondo_status grow(rondo_sound *out, int64_t *room, int64_t more, const char *name, rondo_error *err) {
    if (out->count > MAX_COUNT - more)
        return rondo__fail(err, RONDO_FORMAT, "%s: longer than %lld samples (cut it)", name, (long long)MAX_COUNT);
    if (out->count + more <= *room)
        return RONDO_OK;
    const int64_t grown = *room ? 2 * *room : 2 * BLOCK;
    float *sample = rondo__realloc(out->sample, (size_t)out->count * sizeof *sample, (size_t)grown * sizeof *sample);
    if (!sample)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its samples", name);
    out->sample = sample;
    *room = grown;
    return RONDO_OK;
}

/* Mean of the channels of n samples, appended. */
static rondo_status append(rondo_sound *out, int64_t n, const float *block, const char *name, rondo_error *err) {
    const int channels = out->channels;
    float *to = out->sample + out->count;
    for (int64_t i = 0; i < n; i++) {
        float sum = block[i * channels];
        for (int c = 1; c < channels; c++)
            sum += block[i * channels + c];
        to[i] = channels == 1 ? sum : sum / (float)channels;
        if (!(fabsf(to[i]) <= MAX_LEVEL))
            return rondo__fail(err, RONDO_FORMAT, "%s: sample %lld is %g (%s)", name, (long long)(out->count + i),
                               (double)to[i], isfinite(to[i]) ? "full scale is 1" : "must be finite");
    }
    out->count += n;
    return RONDO_OK;
}

static rondo_status read_blocks(rondo_sound *out, SNDFILE *file, const char *name, float *block, rondo_error *err) {
    int64_t room = 0;
    for (;;) {
        rondo_status status = grow(out, &room, BLOCK, name, err);
        if (status)
            return status;
        const sf_count_t n = sf_readf_float(file, block, BLOCK);
        if (n <= 0)
            break;
        status = append(out, (int64_t)n, block, name, err);
        if (status)
            return status;
    }
    const int code = sf_error(file);
    return code ? rondo__fail(err, RONDO_FORMAT, "%s: damaged after %lld samples: %s", name, (long long)out->count,
                              sf_error_number(code))
                : RONDO_OK;
}

/* SF_COUNT_MAX: the file does not say. */
static rondo_status check_flac(const rondo_sound *out, sf_count_t claim, const char *name, rondo_error *err) {
    if (claim == out->count || claim == SF_COUNT_MAX)
        return RONDO_OK;
    return rondo__fail(err, RONDO_FORMAT,
                       "%s: its header promises %lld samples, but %lld are there (copy the file again)", name,
                       (long long)claim, (long long)out->count);
}

static rondo_status decode(rondo_sound *out, const char *name, bytes *b, rondo_error *err) {
    SF_INFO info = {0};
    SNDFILE *file;
    rondo_status status = open_sound(&file, &info, name, b, err);
    float *block = status ? NULL : rondo__alloc((size_t)info.channels * BLOCK * sizeof *block);
    if (!status && !block)
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", name);
    if (!status) {
        out->rate = info.samplerate;
        out->channels = info.channels;
        status = read_blocks(out, file, name, block, err);
        if (!status && (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC)
            status = check_flac(out, info.frames, name, err);
    }
    rondo__free(block);
    if (file)
        sf_close(file);
    return status;
}

static rondo_status decode_at(rondo_sound *out, const char *name, const void *data, size_t size, int64_t rate,
                              rondo_error *err) {
    bytes b = {.data = data, .size = (sf_count_t)size};
    rondo_error story = {0};
    rondo_status status;
    status = decode(out, name, &b, err);
    if (!status && rate) {
        status = rondo_sound_resample(out, rate, &story);
        if (status)
            rondo__fail(err, status, "%s: %s", name, story.message);
    }
    if (status)
        rondo_sound_free(out);
    return status;
}
#else
static rondo_status decode_at(rondo_sound *out, const char *name, const void *data, size_t size, int64_t rate,
                              rondo_error *err) {
    (void)out, (void)data, (void)size, (void)rate;
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "%s: this build has no libsndfile, which reads sounds (install libsndfile1-dev and build again)",
                       name);
}
#endif

static rondo_status check_rate(int64_t rate, const char *name, rondo_error *err) {
    if (rate >= 0 && rate <= RONDO_MAX_RATE)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "%s: %lld Hz were asked for (must be 0, as the file is, or 1 to %d)", name,
                       (long long)rate, RONDO_MAX_RATE);
}

rondo_status rondo_sound_decode(rondo_sound *out, const char *name, const void *data, int64_t size, int64_t rate,
                                rondo_error *err) {
    if (!out || !name || (!data && size > 0) || size < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "sound: %s",
                           !out       ? "out is NULL"
                           : !name    ? "name is NULL"
                           : size < 0 ? "size is negative"
                                      : "data is NULL");
    *out = (rondo_sound){0};
    const rondo_status status = check_rate(rate, name, err);
    return status ? status : decode_at(out, name, data, (size_t)size, rate, err);
}

rondo_status rondo_sound_read(rondo_sound *out, const char *path, int64_t rate, rondo_error *err) {
    char *data;
    size_t size;
    if (!out || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "sound: %s is NULL", out ? "path" : "out");
    *out = (rondo_sound){0};
    rondo_status status = check_rate(rate, path, err);
    if (!status)
        status = rondo__file_read(path, MAX_BYTES, &data, &size, err);
    if (status)
        return status;
    status = decode_at(out, path, data, size, rate, err);
    rondo__free(data);
    return status;
}
