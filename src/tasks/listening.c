#include "tasks/listening.h"

#include <stdio.h>
#include <string.h>

const char *const rondo__recording_endings[] = {".wav", ".flac", ".ogg", ".aiff", ".aif", ".au", ".mp3", NULL};

/* ---- lists ---- */

static rondo__labelled_spec spec_of(const rondo__recipe *recipe, const char *where, bool texts,
                                    const char *const *ending) {
    return (rondo__labelled_spec){texts, recipe->data.pattern, where, ending};
}

rondo_status rondo__listening_lists(const rondo__recipe *recipe, bool texts, const char *const *ending,
                                    rondo__labelled *train, rondo__labelled *valid, rondo_error *err) {
    const rondo__labelled_spec spec = spec_of(recipe, recipe->data.where, texts, ending);
    char path[RONDO__PATH];
    rondo_status status = rondo__recipe_find(recipe, recipe->data.train, path, err);
    if (!status)
        status = rondo__labelled_read(train, path, &spec, err);
    if (status)
        return status;
    if (!recipe->data.valid[0])
        return rondo__labelled_split(train, valid, recipe->data.valid_fraction, err);
    status = rondo__recipe_find(recipe, recipe->data.valid, path, err);
    return status ? status : rondo__labelled_read(valid, path, &spec, err);
}

rondo_status rondo__listening_valid(const rondo__recipe *recipe, bool texts, const char *const *ending,
                                    rondo__labelled *valid, rondo_error *err) {
    rondo__labelled train = {0};
    char path[RONDO__PATH];
    rondo_status status;
    if (recipe->data.valid[0]) {
        status = rondo__recipe_find(recipe, recipe->data.valid, path, err);
        return status ? status : rondo__listening_list(recipe, path, recipe->data.where, texts, ending, valid, err);
    }
    status = rondo__listening_lists(recipe, texts, ending, &train, valid, err);
    rondo__labelled_free(&train);
    return status;
}

rondo_status rondo__listening_list(const rondo__recipe *recipe, const char *path, const char *where, bool texts,
                                   const char *const *ending, rondo__labelled *out, rondo_error *err) {
    const rondo__labelled_spec spec = spec_of(recipe, where, texts, ending);
    char room[RONDO__PATH];
    return rondo__labelled_read(out, rondo__data_find(path, room), &spec, err);
}

/* ---- the front end ---- */

static rondo_audio_config config_of(const rondo__recipe_audio *a) {
    return (rondo_audio_config){.rate = a->rate,
                                .features = (rondo_audio_features)a->features,
                                .window_ms = a->window_ms,
                                .hop_ms = a->hop_ms,
                                .mels = a->mels,
                                .coefficients = a->coefficients,
                                .deltas = a->deltas,
                                .low_hz = a->low_hz,
                                .high_hz = a->high_hz,
                                .preemphasis = a->preemphasis,
                                .normalise = (rondo_audio_normalise)a->normalise};
}

static rondo__listening begin(rondo_context *context, const rondo__recipe *recipe) {
    const rondo__recipe_augment *a = &recipe->data.augment;
    rondo__listening l = {.context = context,
                          .config = config_of(&recipe->data.audio),
                          .normalise = (rondo_audio_normalise)recipe->data.audio.normalise,
                          .stack = recipe->model.stack > 0 ? recipe->model.stack : 1,
                          .batch_size = recipe->train.batch_size,
                          .augment = {.noise_db = a->noise_db,
                                      .speed = a->speed,
                                      .gain_db = a->gain_db,
                                      .warp = a->warp,
                                      .time_masks = a->time_masks,
                                      .time_width = a->time_width,
                                      .feature_masks = a->feature_masks,
                                      .feature_width = a->feature_width}};
    l.alters_sound = a->noise_db > 0 || a->speed > 0 || a->gain_db > 0 || a->warp > 0;
    l.alters_frames = a->time_masks > 0 || a->feature_masks > 0;
    return l;
}

static bool keeps_moments(const rondo__listening *l) {
    return l->normalise == RONDO_NORMALISE_GLOBAL || l->normalise == RONDO_NORMALISE_RUNNING;
}

static rondo_status make_moments(rondo__listening *l, rondo_error *err) {
    size_t count;
    l->moments = rondo__size_mul((size_t)l->width, 2, &count) ? rondo__calloc(count, sizeof *l->moments) : NULL;
    return l->moments ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "no memory for moments of frames");
}

/* The front end with its moments, once they are known. */
static rondo_status finish(rondo__listening *l, rondo_error *err) {
    rondo_frontend_destroy(&l->frontend);
    l->config.normalise = l->normalise;
    if (l->moments) {
        l->config.mean = l->moments;
        l->config.deviation = l->moments + l->width;
    }
    rondo_status status = rondo_frontend_create(&l->frontend, &l->config, err);
    if (!status)
        l->width = rondo_frontend_width(l->frontend);
    return status;
}

static rondo_status learn_moments(rondo__listening *l, rondo__frame_set *set, rondo_error *err) {
    l->config.normalise = RONDO_NORMALISE_NONE;
    rondo_status status = rondo_frontend_create(&l->frontend, &l->config, err);
    if (status)
        return status;
    l->width = rondo_frontend_width(l->frontend);
    status = rondo__frames_compute(set, l->context, l->frontend, RONDO_NORMALISE_NONE, err);
    if (!status)
        status = make_moments(l, err);
    return status ? status : rondo__frames_moments(set, l->moments, l->moments + l->width, err);
}

/* A voice is normalised as it would sound through the moved bands. */
static rondo_status warp_moments(rondo__listening *l, int64_t i, const rondo__frame_set *set, rondo_error *err) {
    rondo__frame_set other = *set;
    other.frame = rondo__calloc((size_t)set->count, sizeof *other.frame);
    other.length = rondo__calloc((size_t)set->count, sizeof *other.length);
    other.speaker_moments = NULL;
    rondo_status status = other.frame && other.length
                              ? rondo__frames_compute(&other, l->context, l->warped[i], l->normalise, err)
                              : rondo__fail(err, RONDO_MEMORY, "no memory for moments of frames");
    l->warped_moments[i] = other.speaker_moments;
    for (int64_t k = 0; other.frame && k < set->count; k++)
        rondo__free(other.frame[k]);
    rondo__free(other.frame);
    rondo__free(other.length);
    return status;
}

static rondo_status make_warped(rondo__listening *l, const rondo__frame_set *set, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < RONDO_AUDIO_WARPS && l->augment.warp > 0 && !status; i++) {
        rondo_audio_config config = l->config;
        config.warp = rondo_audio_augment_factor(&l->augment, i);
        if (config.warp != 1)
            status = rondo_frontend_create(&l->warped[i], &config, err);
        if (!status && l->warped[i] && l->normalise == RONDO_NORMALISE_SPEAKER)
            status = warp_moments(l, i, set, err);
    }
    return status;
}

rondo_status rondo__listening_begin(rondo__listening *l, rondo_context *context, rondo__recipe *recipe,
                                    const rondo__labelled *items, rondo__frame_set *set, rondo_error *err) {
    *l = begin(context, recipe);
    rondo_status status = rondo__frames_read_sounds(set, context, items, &l->config, err);
    if (status)
        return status;
    recipe->data.audio.rate = l->config.rate;
    if (keeps_moments(l))
        status = learn_moments(l, set, err);
    if (!status)
        status = finish(l, err);
    if (!status)
        status = make_warped(l, set, err);
    return status ? status : rondo__frames_compute(set, context, l->frontend, l->normalise, err);
}

rondo_status rondo__listening_begin_series(rondo__listening *l, rondo_context *context, const rondo__recipe *recipe,
                                           rondo__frame_set *set, rondo_error *err) {
    *l = begin(context, recipe);
    l->width = set->width;
    rondo_status status = keeps_moments(l) ? make_moments(l, err) : RONDO_OK;
    if (!status && l->moments)
        status = rondo__frames_moments(set, l->moments, l->moments + l->width, err);
    return status ? status : rondo__listening_series(l, set, err);
}

static rondo_status load_part(const rondo__listening *l, const rondo__safetensors *file, const char *name, float *out,
                              const char *path, rondo_error *err) {
    const rondo__named *named = rondo__safetensors_find(file, name);
    if (!named || named->tensor.dtype != RONDO_F32 || named->tensor.rank != 1 || named->tensor.dims[0] != l->width)
        return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' is not a row of %lld F32 numbers", path, name,
                           (long long)l->width);
    memcpy(out, named->tensor.data, (size_t)l->width * sizeof *out);
    for (int64_t k = 0; k < l->width; k++) {
        if (!(out[k] - out[k] == 0))
            return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' holds what is no number", path, name);
    }
    return RONDO_OK;
}

static rondo_status load_moments(rondo__listening *l, const rondo__safetensors *file, const char *path,
                                 rondo_error *err) {
    rondo_status status = make_moments(l, err);
    float *deviation = status ? NULL : l->moments + l->width;
    if (!status)
        status = load_part(l, file, RONDO__LISTENING_MEAN, l->moments, path, err);
    if (!status)
        status = load_part(l, file, RONDO__LISTENING_DEVIATION, deviation, path, err);
    for (int64_t k = 0; k < l->width && !status; k++) {
        if (!(deviation[k] > 0))
            status =
                rondo__fail(err, RONDO_FORMAT, "%s: tensor '" RONDO__LISTENING_DEVIATION "' holds %g (must be > 0)",
                            path, (double)deviation[k]);
    }
    return status;
}

rondo_status rondo__listening_load(rondo__listening *l, rondo_context *context, const rondo__recipe *recipe,
                                   int64_t series, const rondo__safetensors *file, const char *path, rondo_error *err) {
    *l = begin(context, recipe);
    l->width = series;
    rondo_status status = RONDO_OK;
    if (series == 0 && recipe->data.audio.rate == 0)
        return rondo__fail(err, RONDO_FORMAT, "%s: its recipe has no data.audio.rate", path);
    if (series == 0) { /* the width first */
        l->config.normalise = RONDO_NORMALISE_NONE;
        status = rondo_frontend_create(&l->frontend, &l->config, err);
        l->width = status ? 0 : rondo_frontend_width(l->frontend);
    }
    if (!status && keeps_moments(l))
        status = load_moments(l, file, path, err);
    return status || series ? status : finish(l, err);
}

void rondo__listening_free(rondo__listening *l) {
    rondo_frontend_destroy(&l->frontend);
    for (int i = 0; i < RONDO_AUDIO_WARPS; i++) {
        rondo_frontend_destroy(&l->warped[i]);
        rondo__free(l->warped_moments[i]);
    }
    rondo__free(l->moments);
    *l = (rondo__listening){0};
}

int rondo__listening_tensors(const rondo__listening *l, int max, rondo__named *out) {
    const int64_t dims[1] = {l->width};
    if (!l->moments || max < 2)
        return 0;
    out[0] = (rondo__named){RONDO__LISTENING_MEAN, rondo_tensor_view(RONDO_F32, l->moments, 1, dims)};
    out[1] = (rondo__named){RONDO__LISTENING_DEVIATION, rondo_tensor_view(RONDO_F32, l->moments + l->width, 1, dims)};
    return 2;
}

/* ---- other recordings ---- */

rondo_status rondo__listening_read(const rondo__listening *l, const rondo__labelled *items, rondo__frame_set *out,
                                   rondo_error *err) {
    rondo_audio_config config = l->config;
    rondo_status status = rondo__frames_read_sounds(out, l->context, items, &config, err);
    if (!status)
        status = rondo__frames_compute(out, l->context, l->frontend, l->normalise, err);
    if (status)
        rondo__frames_free(out);
    return status;
}

rondo_status rondo__listening_series(const rondo__listening *l, rondo__frame_set *set, rondo_error *err) {
    float *own = l->moments ? NULL : rondo__calloc((size_t)set->width * 2, sizeof *own);
    rondo_status status = RONDO_OK;
    if (!l->moments && !own)
        return rondo__fail(err, RONDO_MEMORY, "no memory for moments of series");
    for (int64_t i = 0; i < set->count && l->normalise != RONDO_NORMALISE_NONE && !status; i++) {
        const rondo__frame_set alone = {
            .count = 1, .width = set->width, .length = &set->length[i], .frame = &set->frame[i]};
        if (own)
            status = rondo__frames_moments(&alone, own, own + set->width, err);
        if (!status)
            rondo__frames_normalise(set->frame[i], set->length[i], set->width, own ? own : l->moments);
    }
    rondo__free(own);
    return status;
}

rondo_status rondo__listening_sounds(const rondo__listening *l, const rondo__labelled *items,
                                     const rondo_sound *const *sound, rondo__frame_set *out, rondo_error *err) {
    rondo_status status = rondo__frames_take_sounds(out, items, sound, err);
    for (int64_t i = 0; i < items->count && !status; i++) {
        if (sound[i]->rate != l->config.rate && sound[i]->count > 0)
            status = rondo_sound_resample(&out->sound[i], l->config.rate, err);
    }
    if (!status)
        status = rondo__frames_compute(out, l->context, l->frontend, l->normalise, err);
    if (status)
        rondo__frames_free(out);
    return status;
}

int64_t rondo__listening_input(const rondo__listening *l) { return l->stack * l->width; }

int64_t rondo__listening_steps(const rondo__listening *l, int64_t length) {
    return length / l->stack + (length % l->stack != 0);
}

void rondo__listening_notes(const rondo__frame_set *set, const char *name, rondo__text *lines) {
    if (set->sound)
        rondo__text_format(lines, "%s: %lld recordings, %.1f minutes", name, (long long)set->count, set->seconds / 60);
    else
        rondo__text_format(lines, "%s: %lld series", name, (long long)set->count);
    if (set->speakers > 0)
        rondo__text_format(lines, ", %lld speakers", (long long)set->speakers);
    if (set->empty > 0)
        rondo__text_format(lines, "; %lld of them are empty and count as one frame of zeros", (long long)set->empty);
    rondo__text_add(lines, "\n", 1);
}
