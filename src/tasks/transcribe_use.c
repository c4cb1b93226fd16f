/* Recordings in, texts out. A few at a time run side by side; each gives the bits that it gives alone. */
#include <string.h>

#include "tasks/model.h"
#include "tasks/transcribe.h"

enum { BATCH = 16, MOST = 64 };

typedef struct job {
    rondo__transcribe *t;
    rondo_tape *tape;
    rondo__transcribe_search search;
    int64_t batch;
    real *row;                   /* (T, V) of one recording */
    rondo_ctc_hypothesis *found; /* (best) */
} job;

void rondo_transcript_free(rondo_transcript *transcript) {
    if (!transcript)
        return;
    for (int64_t i = 0; transcript->text && i < transcript->count; i++)
        rondo__free(transcript->text[i]);
    for (int64_t i = 0; transcript->symbol && i < transcript->symbols; i++)
        rondo__free(transcript->symbol[i]);
    rondo__free(transcript->text);
    rondo__free(transcript->score);
    rondo__free(transcript->symbol);
    rondo__free(transcript->time);
    *transcript = (rondo_transcript){0};
}

/* ---- from hypotheses to a transcript ---- */

static const char *written(const rondo__transcribe_search *s, const rondo_ctc_hypothesis *h, int64_t i) {
    return (i == 0 ? s->first : s->text)[h->symbol[i]];
}

static char *text_of(const rondo__transcribe_search *s, const rondo_ctc_hypothesis *h) {
    rondo__text text = {0};
    for (int64_t i = 0; i < h->count; i++)
        rondo__text_add(&text, written(s, h, i), strlen(written(s, h, i)));
    char *out = text.failed ? NULL : rondo__strdup(text.size ? text.data : "");
    rondo__text_free(&text);
    return out;
}

static double step_seconds(const rondo__transcribe *t) {
    const rondo__listening *l = &t->listening;
    return (double)(l->stack * rondo_frontend_hop(l->frontend)) / (double)l->config.rate;
}

static bool tell_symbols(const job *j, rondo_transcript *out) {
    const rondo_ctc_hypothesis *h = &j->found[0];
    out->symbol = rondo__calloc((size_t)h->count, sizeof *out->symbol);
    out->time = rondo__calloc((size_t)h->count, sizeof *out->time);
    out->symbols = out->symbol ? h->count : 0;
    bool fine = out->symbol && out->time;
    for (int64_t i = 0; i < h->count && fine; i++) {
        fine = (out->symbol[i] = rondo__strdup(written(&j->search, h, i))) != NULL;
        out->time[i] = (double)h->frame[i] * step_seconds(j->t);
    }
    return fine;
}

static bool tell(const job *j, int64_t best, rondo_transcript *out) {
    out->text = rondo__calloc((size_t)best, sizeof *out->text);
    out->score = rondo__calloc((size_t)best, sizeof *out->score);
    bool fine = out->text && out->score;
    for (int64_t n = 0; n < best && fine && j->found[n].count >= 0; n++) {
        fine = (out->text[n] = text_of(&j->search, &j->found[n])) != NULL;
        out->score[n] = j->found[n].score;
        out->count = n + 1;
    }
    return fine && (out->count == 0 || tell_symbols(j, out));
}

static rondo_status transcribe_row(job *j, const rondo_var *log_p, int64_t b, rondo_transcript *out, rondo_error *err) {
    const rondo__transcribe *t = j->t;
    const int64_t B = log_p->value.dims[1], T = t->room[t->base.slot].frames.lengths[b], best = j->search.ctc.best;
    for (int64_t s = 0; s < T; s++)
        memcpy(j->row + s * t->V, (const real *)log_p->value.data + (s * B + b) * t->V, (size_t)t->V * sizeof(real));
    if (j->search.scorer)
        rondo__transcribe_scorer_reset(j->search.scorer);
    rondo_status status = rondo_ctc_decode(j->found, T, t->V, j->row, &j->search.ctc, err);
    if (status)
        return status;
    if (!tell(j, best, out))
        status = rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for a text");
    for (int64_t n = 0; n < best; n++)
        rondo_ctc_hypothesis_free(&j->found[n]);
    if (!status && out->count == 0)
        status = rondo__fail(err, RONDO_NUMERIC, "transcribe: no text has a probability above 0");
    return status;
}

/* ---- batches ---- */

static rondo_status run_batch(job *j, int64_t B, const rondo__frame_set *set, rondo_transcript *out, rondo_error *err) {
    rondo__transcribe *t = j->t;
    int64_t example[MOST];
    for (int64_t b = 0; b < B; b++)
        example[b] = b;
    rondo_status status = rondo__transcribe_listen(t, set, B, example, err);
    if (status)
        return status;
    rondo_tape_begin(j->tape, NULL);
    const rondo_var *log_p = rondo_log_softmax(j->tape, rondo__transcribe_logits(t, j->tape));
    status = rondo_tape_status(j->tape, err);
    if (status)
        return status;
    rondo__free(j->row);
    j->row = rondo__calloc((size_t)log_p->value.dims[0], (size_t)t->V * sizeof *j->row);
    if (!j->row)
        return rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for %lld steps", (long long)log_p->value.dims[0]);
    for (int64_t b = 0; b < B && !status; b++)
        status = transcribe_row(j, log_p, b, &out[b], err);
    return status;
}

static rondo_status transcribe_batch(job *j, int64_t B, const rondo_sound *const *sound, rondo_transcript *out,
                                     rondo_error *err) {
    static char nothing[] = "";
    rondo__labelled items = {B, rondo__calloc((size_t)B, sizeof *items.item)};
    rondo__frame_set set = {0};
    if (!items.item)
        return rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for %lld recordings", (long long)B);
    for (int64_t b = 0; b < B; b++)
        items.item[b] = (rondo__labelled_item){nothing, nothing, nothing, nothing};
    rondo_status status = rondo__listening_sounds(&j->t->listening, &items, sound, &set, err);
    if (!status)
        status = run_batch(j, B, &set, out, err);
    for (int64_t b = 0; b < B && !status; b++)
        out[b].seconds = (double)sound[b]->count / (double)sound[b]->rate;
    rondo__frames_free(&set);
    rondo__free(items.item);
    return status;
}

/* ---- the doors ---- */

static rondo_status check_sound(int64_t i, const rondo_sound *sound, rondo_error *err) {
    if (sound->count < 0 || (sound->count > 0 && !sound->sample) || sound->rate < 1 || sound->rate > RONDO_MAX_RATE)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "transcribe: sound %lld has %lld samples and a rate of %lld (the rate is from 1 to %d)",
                           (long long)i + 1, (long long)sound->count, (long long)sound->rate, RONDO_MAX_RATE);
    for (int64_t k = 0; k < sound->count; k++)
        if (!(sound->sample[k] - sound->sample[k] == 0))
            return rondo__fail(err, RONDO_ARGUMENT, "transcribe: sound %lld: sample %lld is not finite",
                               (long long)i + 1, (long long)k + 1);
    return RONDO_OK;
}

static rondo_status open_job(job *j, rondo_model *model, const rondo_transcribe_options *options, rondo_error *err) {
    rondo_status status = rondo__transcribe_of(model, &j->t, err);
    if (!status)
        status = rondo__transcribe_search_open(&j->search, j->t, options, err);
    if (status)
        return status;
    j->tape = model->tape;
    j->batch = options && options->batch ? options->batch : BATCH;
    j->batch = j->batch < MOST ? j->batch : MOST;
    j->search.ctc.best = j->search.ctc.best ? j->search.ctc.best : 1;
    j->found = rondo__calloc((size_t)j->search.ctc.best, sizeof *j->found);
    return j->found ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "transcribe: no memory");
}

static rondo_status close_job(job *j, const rondo_model *model, rondo_status status, int64_t count,
                              rondo_transcript *out, rondo_error *err) {
    rondo__transcribe_search_close(&j->search);
    rondo__free(j->row);
    rondo__free(j->found);
    for (int64_t i = 0; status && i < count; i++)
        rondo_transcript_free(&out[i]);
    return status == RONDO_NUMERIC ? rondo__model_name_file(status, model->path, err) : status;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

rondo_status rondo_model_transcribe(rondo_model *model, int64_t sounds, const rondo_sound *sound,
                                    const rondo_transcribe_options *options, rondo_transcript *out, rondo_error *err) {
    job j = {0};
    if (sounds < 0 || (sounds > 0 && (!sound || !out)))
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: needs sounds, and a place for the transcripts");
    rondo_status status = open_job(&j, model, options, err);
    if (!status && sounds > 0)
        memset(out, 0, (size_t)sounds * sizeof *out);
    for (int64_t i = 0; i < sounds && !status; i++)
        status = check_sound(i, &sound[i], err);
    for (int64_t i = 0; i < sounds && !status; i += j.batch) {
        const int64_t B = least(j.batch, sounds - i);
        const rondo_sound *list[MOST] = {NULL};
        for (int64_t b = 0; b < B; b++)
            list[b] = &sound[i + b];
        status = transcribe_batch(&j, B, list, out + i, err);
    }
    return close_job(&j, model, status, j.found ? sounds : 0, out, err);
}

static rondo_status transcribe_files(job *j, int64_t B, const char *const *file, rondo_transcript *out,
                                     rondo_error *err) {
    rondo_sound sound[MOST];
    const rondo_sound *list[MOST] = {NULL};
    rondo_status status = RONDO_OK;
    memset(sound, 0, sizeof sound);
    for (int64_t b = 0; b < B && !status; b++) {
        list[b] = &sound[b];
        status = file[b] ? rondo_sound_read(&sound[b], file[b], j->t->listening.config.rate, err)
                         : rondo__fail(err, RONDO_ARGUMENT, "transcribe: the name of a file is NULL");
    }
    if (!status)
        status = transcribe_batch(j, B, list, out, err);
    for (int64_t b = 0; b < B; b++)
        rondo_sound_free(&sound[b]);
    return status;
}

rondo_status rondo_model_transcribe_files(rondo_model *model, int64_t files, const char *const *file,
                                          const rondo_transcribe_options *options, rondo_transcript *out,
                                          rondo_error *err) {
    job j = {0};
    if (files < 0 || (files > 0 && (!file || !out)))
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: needs files, and a place for the transcripts");
    rondo_status status = open_job(&j, model, options, err);
    if (!status && files > 0)
        memset(out, 0, (size_t)files * sizeof *out);
    for (int64_t i = 0; i < files && !status; i += j.batch)
        status = transcribe_files(&j, least(j.batch, files - i), file + i, out + i, err);
    return close_job(&j, model, status, j.found ? files : 0, out, err);
}
