/* Sound files: formats, rates, channels, headers that lie, files that end early, resampling.
 * Needs: SNDFILE SAMPLERATE. */
#include "core/core.h"
#include "data/sound_files.h"
#include "rondo/audio.h"
#include "support/test.h"

#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static wav file; /* large: not on the stack */

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static rondo_status decode(rondo_sound *out, int64_t rate, rondo_error *err) {
    return rondo_sound_decode(out, "a.wav", file.bytes, (int64_t)file.size, rate, err);
}

/* Must be refused: in one line that names the file and tells this; nothing is left over. */
static void refuse(const char *story) {
    const int64_t live = rondo__alloc_live();
    rondo_error err = {0};
    rondo_sound sound;
    assert_int_equal(decode(&sound, 0, &err), RONDO_FORMAT);
    assert_null(sound.sample);
    if (strncmp(err.message, "a.wav: ", 7) != 0 || !strstr(err.message, story) || strchr(err.message, '\n'))
        fail_msg("%s", err.message);
    assert_int_equal(rondo__alloc_live(), live);
}

/* What channel c has at i. */
static double wave(int64_t i, int c) { return 0.5 * sin(0.1 * (double)i) * (c % 2 ? -0.5 : 1) + 0.03125 * (c % 8); }

static double mean_wave(int64_t i, int channels) {
    double sum = 0;
    for (int c = 0; c < channels; c++)
        sum += wave(i, c);
    return sum / channels;
}

static void write_wave(int format, uint32_t rate, int channels, int bits, int64_t count) {
    wav_begin(&file, format, rate, channels, bits, (uint32_t)(count * channels * bits / 8));
    for (int64_t i = 0; i < count * channels; i++)
        wav_sample(&file, format, bits, wave(i / channels, (int)(i % channels)));
}

/* ---- what is read ---- */
static void formats(void **state) {
    (void)state;
    static const struct {
        int format, bits, channels;
        uint32_t rate;
        double error;
    } rows[] = {
        {WAV_PCM, 8, 1, 8000, 0.02},     {WAV_PCM, 16, 1, 8000, 4e-5},   {WAV_PCM, 16, 2, 44100, 4e-5},
        {WAV_PCM, 24, 1, 96000, 2e-7},   {WAV_PCM, 24, 8, 192000, 2e-7}, {WAV_PCM, 32, 3, 384000, 2e-7},
        {WAV_FLOAT, 32, 1, 16000, 1e-7}, {WAV_FLOAT, 32, 8, 1, 2e-7},    {WAV_FLOAT, 64, 2, 11025, 1e-7},
        {WAV_PCM, 16, 64, 8000, 4e-5},
    };
    for (size_t r = 0; r < COUNT(rows); r++) {
        rondo_error err = {0};
        rondo_sound sound;
        write_wave(rows[r].format, rows[r].rate, rows[r].channels, rows[r].bits, 200);
        must(decode(&sound, 0, &err), &err);
        assert_int_equal(sound.count, 200);
        assert_int_equal(sound.rate, rows[r].rate);
        assert_int_equal(sound.channels, rows[r].channels);
        for (int64_t i = 0; i < 200; i++)
            if (!(fabs((double)sound.sample[i] - mean_wave(i, rows[r].channels)) <= rows[r].error))
                fail_msg("row %zu: sample %lld is %g, should be %g", r, (long long)i, (double)sound.sample[i],
                         mean_wave(i, rows[r].channels));
        rondo_sound_free(&sound);
        assert_null(sound.sample);
    }
}

static void flac(void **state) {
    (void)state;
    const char *path = test_path("a.flac");
    short sample[5000];
    SF_INFO info = {.samplerate = 22050, .channels = 1, .format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16};
    rondo_error err = {0};
    rondo_sound sound;
    for (int i = 0; i < 5000; i++)
        sample[i] = (short)(20000 * sin(0.02 * i));
    SNDFILE *out = sf_open(path, SFM_WRITE, &info);
    assert_non_null(out);
    assert_int_equal(sf_writef_short(out, sample, 5000), 5000);
    sf_close(out);
    must(rondo_sound_read(&sound, path, 0, &err), &err);
    assert_int_equal(sound.count, 5000);
    assert_int_equal(sound.rate, 22050);
    for (int i = 0; i < 5000; i++)
        assert_true(sound.sample[i] * 32768 == (float)sample[i]);
    rondo_sound_free(&sound);
    char *data; /* cut off: an error wherever it happens */
    size_t size;
    must(rondo__file_read(path, 0, &data, &size, &err), &err);
    for (size_t cut = 0; cut < size; cut += cut < 100 ? 1 : 97) {
        assert_int_equal(rondo_sound_decode(&sound, "a.flac", data, (int64_t)cut, 0, &err), RONDO_FORMAT);
        assert_int_equal(strncmp(err.message, "a.flac: ", 8), 0);
    }
    data[21] |= 15; /* 2^35 samples and more */
    assert_int_equal(rondo_sound_decode(&sound, "a.flac", data, (int64_t)size, 0, &err), RONDO_FORMAT);
    rondo__free(data);
}

static void no_samples(void **state) {
    (void)state;
    rondo_error err = {0};
    rondo_sound sound;
    write_wave(WAV_PCM, 8000, 1, 16, 0);
    must(decode(&sound, 0, &err), &err);
    assert_int_equal(sound.count, 0);
    rondo_sound_free(&sound);
    must(decode(&sound, 16000, &err), &err);
    assert_int_equal(sound.count, 0);
    assert_int_equal(sound.rate, 16000);
    rondo_sound_free(&sound);
}

/* ---- headers that lie ---- */
static void rates(void **state) {
    (void)state;
    write_wave(WAV_PCM, 8000, 1, 16, 100);
    wav_set(&file, WAV_AT_RATE, 0);
    refuse("its rate is 0 Hz");
    wav_set(&file, WAV_AT_RATE, 384001);
    refuse("its rate is 384001 Hz (must be 1 to 384000)");
    wav_set(&file, WAV_AT_RATE, 0xffffffffu);
    refuse("");
    write_wave(WAV_PCM, 8000, 65, 16, 10);
    refuse("65 channels");
    write_wave(0x55, 8000, 1, 16, 10);
    refuse("MPEG");
}

/* A promise that is not kept is told; a size that was never filled in means up to the end. */
static void sizes(void **state) {
    (void)state;
    static const uint32_t promises[] = {202, 2000, 0x10000000}, unknown[] = {0x7ffff000u, 0xfffffff0u, 0xffffffffu};
    write_wave(WAV_PCM, 8000, 1, 16, 100);
    for (size_t c = 0; c < COUNT(promises); c++) {
        wav_set(&file, WAV_AT_BYTES, promises[c]);
        refuse("bytes of samples, but 200 are there");
    }
    for (size_t c = 0; c < COUNT(unknown); c++) {
        rondo_error err = {0};
        rondo_sound sound;
        wav_set(&file, WAV_AT_BYTES, unknown[c]);
        wav_set(&file, 4, unknown[c]);
        must(decode(&sound, 0, &err), &err);
        assert_int_equal(sound.count, 100);
        rondo_sound_free(&sound);
    }
    wav_set(&file, WAV_AT_BYTES, 0);
    refuse("says that there are no samples, but 200 bytes follow");
    wav_set(&file, WAV_AT_BYTES, 200);
    file.size = 101;
    refuse("promises 200 bytes of samples, but 57 are there");
}

static void not_finite(void **state) {
    (void)state;
    static const struct {
        double x;
        const char *story;
    } rows[] = {{NAN, "sample 9 is "},
                {INFINITY, "(must be finite)"},
                {-INFINITY, "(must be finite)"},
                {1e30, "sample 9 is 1e+30 (full scale is 1)"}};
    for (size_t r = 0; r < COUNT(rows); r++) {
        write_wave(WAV_FLOAT, 8000, 1, 32, 9);
        wav_sample(&file, WAV_FLOAT, 32, rows[r].x);
        wav_set(&file, WAV_AT_BYTES, 40);
        wav_set(&file, 4, 76);
        refuse(rows[r].story);
    }
}

static void no_sound(void **state) {
    (void)state;
    static const char *const texts[] = {"path\tlabel\na.wav\tone\n",
                                        "RIFF",
                                        "RIFF\1\0\0\0WAVE",
                                        "fLaC",
                                        "OggS",
                                        ("\x7f"
                                         "ELF")};
    file.size = 0;
    refuse("the file is empty");
    for (size_t i = 0; i < COUNT(texts); i++) {
        file.size = strlen(texts[i]);
        memcpy(file.bytes, texts[i], file.size);
        refuse("not a sound file");
    }
}

/* Every cut and every flipped bit of the header: an error or a sound, never more. */
static void damaged(void **state) {
    (void)state;
    static const int formats_of[][2] = {{WAV_PCM, 16}, {WAV_FLOAT, 32}};
    static wav whole;
    for (size_t f = 0; f < COUNT(formats_of); f++) {
        write_wave(formats_of[f][0], 8000, 2, formats_of[f][1], 30);
        whole = file;
        const int64_t live = rondo__alloc_live();
        for (size_t i = 0; i < whole.size + 44 * 8; i++) {
            rondo_sound sound;
            file = whole;
            if (i < whole.size)
                file.size = i;
            else
                file.bytes[(i - whole.size) / 8] ^= (unsigned char)(1 << (i - whole.size) % 8);
            if (decode(&sound, 0, NULL) == RONDO_OK)
                assert_in_range(sound.count, 0, 4 * 30 * 8);
            rondo_sound_free(&sound);
            assert_int_equal(rondo__alloc_live(), live);
        }
    }
}

/* ---- resampling ---- */
static void resampling(void **state) {
    (void)state;
    static const int64_t rates_to[] = {8000, 16000, 11025, 7999, 44100, 192000};
    for (size_t r = 0; r < COUNT(rates_to); r++) {
        const int64_t to = rates_to[r];
        rondo_error err = {0};
        rondo_sound sound = {.count = 4000, .rate = 8000, .sample = rondo__alloc(4000 * sizeof(float))};
        assert_non_null(sound.sample);
        for (int i = 0; i < 4000; i++) /* 440 Hz */
            sound.sample[i] = (float)sin(6.283185307179586 * 440 * i / 8000);
        must(rondo_sound_resample(&sound, to, &err), &err);
        assert_int_equal(sound.count, (4000 * to + 4000) / 8000);
        assert_int_equal(sound.rate, to);
        for (int64_t i = to / 50; i < sound.count - to / 50; i++) { /* ends see silence beyond */
            const double want = sin(6.283185307179586 * 440 * (double)i / (double)to);
            if (!(fabs((double)sound.sample[i] - want) < 2e-3))
                fail_msg("%lld Hz: sample %lld is %g, should be %g", (long long)to, (long long)i,
                         (double)sound.sample[i], want);
        }
        rondo_sound_free(&sound);
    }
}

/* What lies above half the new rate is gone, not folded back. */
static void no_alias(void **state) {
    (void)state;
    rondo_error err = {0};
    rondo_sound sound = {.count = 8000, .rate = 16000, .sample = rondo__alloc(8000 * sizeof(float))};
    assert_non_null(sound.sample);
    for (int i = 0; i < 8000; i++)
        sound.sample[i] = (float)sin(6.283185307179586 * 6000 * i / 16000);
    must(rondo_sound_resample(&sound, 8000, &err), &err);
    for (int64_t i = 200; i < 3800; i++)
        assert_true(fabsf(sound.sample[i]) < 1e-3f);
    rondo_sound_free(&sound);
}

static void resampling_refused(void **state) {
    (void)state;
    rondo_error err = {0};
    rondo_sound sound;
    write_wave(WAV_PCM, 1, 1, 16, 10);
    assert_int_equal(decode(&sound, 16000, &err), RONDO_UNSUPPORTED);
    assert_string_equal(err.message, "a.wav: from 1 to 16000 Hz: cannot resample by a factor of 16000 (1/256 to 256)");
    assert_int_equal(decode(&sound, -1, &err), RONDO_ARGUMENT);
    assert_int_equal(decode(&sound, RONDO_MAX_RATE + 1, &err), RONDO_ARGUMENT);
    must(decode(&sound, 0, &err), &err);
    assert_int_equal(rondo_sound_resample(&sound, 0, &err), RONDO_ARGUMENT);
    assert_int_equal(sound.count, 10);
    rondo_sound_free(&sound);
    rondo_sound_free(&sound);
    rondo_sound_free(NULL);
    float sample = 0; /* of many: none is read */
    rondo_sound many = {.count = (1 << 22) + 1, .rate = 1, .sample = &sample};
    assert_int_equal(rondo_sound_resample(&many, 256, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "samples after resampling (at most"));
    many.count = -1;
    assert_int_equal(rondo_sound_resample(&many, 256, &err), RONDO_ARGUMENT);
    assert_string_equal(err.message, "sound: its count is out of range");
    many = (rondo_sound){.count = 1, .rate = 1};
    assert_int_equal(rondo_sound_resample(&many, 256, &err), RONDO_ARGUMENT);
    assert_string_equal(err.message, "sound: sample is NULL");
    assert_int_equal(rondo_sound_resample(NULL, 256, &err), RONDO_ARGUMENT);
}

/* ---- files ---- */
static void written(void **state) {
    (void)state;
    const char *path = test_path("out.wav");
    float sample[5000];
    rondo_error err = {0};
    rondo_sound out = {.count = 5000, .rate = 192000, .sample = sample}, in;
    for (int i = 0; i < 5000; i++)
        sample[i] = (float)(1.2 * sin(0.02 * i)); /* too loud: cut */
    must(rondo_sound_write(&out, path, &err), &err);
    must(rondo_sound_read(&in, path, 0, &err), &err);
    assert_int_equal(in.count, 5000);
    assert_int_equal(in.rate, 192000);
    for (int i = 0; i < 5000; i++) {
        const float want = sample[i] > 32767.0f / 32768 ? 32767.0f / 32768 : sample[i] < -1 ? -1 : sample[i];
        assert_true(fabsf(in.sample[i] - want) <= 0.5001f / 32768);
    }
    must(rondo_sound_write(&in, path, &err), &err); /* and again: the same */
    rondo_sound again;
    must(rondo_sound_read(&again, path, 0, &err), &err);
    assert_memory_equal(again.sample, in.sample, 5000 * sizeof(float));
    rondo_sound_free(&again);
    rondo_sound_free(&in);
}

static void not_written(void **state) {
    (void)state;
    float sample[2] = {0, NAN};
    rondo_error err = {0};
    rondo_sound sound = {.count = 2, .rate = 8000, .sample = sample};
    assert_int_equal(rondo_sound_write(&sound, test_path("no.wav"), &err), RONDO_NUMERIC);
    sound.count = 1;
    sound.rate = 0;
    assert_int_equal(rondo_sound_write(&sound, test_path("no.wav"), &err), RONDO_ARGUMENT);
    sound.rate = 8000;
    sound.count = INT32_MAX;
    assert_int_equal(rondo_sound_write(&sound, test_path("no.wav"), &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_sound_write(NULL, test_path("no.wav"), &err), RONDO_ARGUMENT);
    assert_int_equal(test_count_files("no.wav"), 0);
}

static void missing(void **state) {
    (void)state;
    rondo_error err = {0};
    rondo_sound sound;
    assert_int_equal(rondo_sound_read(&sound, test_path("missing.wav"), 0, &err), RONDO_NOT_FOUND);
    assert_non_null(strstr(err.message, "missing.wav"));
    assert_int_equal(rondo_sound_read(&sound, NULL, 0, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_sound_read(NULL, "a", 0, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_sound_decode(&sound, "a", NULL, 5, 0, &err), RONDO_ARGUMENT);
}

static int read_resampled(void *path) {
    rondo_error err;
    rondo_sound sound;
    const rondo_status status = rondo_sound_read(&sound, path, 16000, &err);
    if (status && sound.sample)
        return RONDO_STATE;
    rondo_sound_free(&sound);
    return (int)status;
}

static void failing_memory(void **state) {
    (void)state;
    char path[512];
    write_wave(WAV_PCM, 8000, 1, 16, 20000);
    snprintf(path, sizeof path, "%s", test_write("memory.wav", file.bytes, file.size));
    test_every_failure(read_resampled, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(flac),
        cmocka_unit_test(no_samples),
        cmocka_unit_test(rates),
        cmocka_unit_test(sizes),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(no_sound),
        cmocka_unit_test(damaged),
        cmocka_unit_test(resampling),
        cmocka_unit_test(no_alias),
        cmocka_unit_test(resampling_refused),
        cmocka_unit_test(written),
        cmocka_unit_test(not_written),
        cmocka_unit_test(missing),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
