/* Transcription: which symbols does a recording say?
 *
 *   frames (stacked) -> dropout -> recurrent stack -> dropout -> linear -> CTC over the symbols and the blank
 *
 * With a delay d (Graves 2005) the output of step t + d counts for step t: the network goes on over d steps of zeros,
 * and its first d outputs are dropped.
 *
 *   transcribe_model.c     recipe -> parameters; frames -> logits
 *   transcribe_data.c      recordings and labels -> frames, texts, ids
 *   transcribe_task.c      the class: what the training loop asks
 *   transcribe_evaluate.c  loss, and what the model writes
 *   transcribe_score.c     error rates, and the mistakes behind them
 *   transcribe_search.c    options -> search; texts of symbols
 *   transcribe_use.c       recordings in, texts out
 *   transcribe_stream.c    the same sample by sample
 *   transcribe_scorer.c    a language model that helps the search
 *
 * Parameters: rnn.* as rondo_recurrent names them; output.weight (V, W), output.bias (V). W is the width of what leaves
 * the stack. The symbols are those of the tokenizer, under its numbers; the blank comes behind them, V - 1. */
#ifndef RONDO_TASKS_TRANSCRIBE_H
#define RONDO_TASKS_TRANSCRIBE_H

#include "data/pairs.h"
#include "data/tokenizer.h"
#include "rondo/ctc.h"
#include "rondo/transcribe.h"
#include "tasks/listening.h"
#include "train/model_file.h"
#include "train/task.h"

/* Recordings and what they say. */
typedef struct rondo__transcribe_part {
    rondo__labelled items;
    rondo__frame_set frames;
    rondo__lines texts;  /* labels, spelt */
    rondo__id_lines ids; /* of them */
    int64_t *length;     /* (count) by which batches are cut */
    bool *foreign;       /* (count) the text has a symbol that no training text has: it cannot be written */
    int64_t count, foreigners;
    int64_t impossible; /* fewer steps than the symbols need */
    int64_t usable;     /* neither foreign nor impossible */
} rondo__transcribe_part;
void rondo__transcribe_part_free(rondo__transcribe_part *part);

/* A batch as the network and the loss take it. Memory grows to the largest seen and serves again. */
typedef struct rondo__transcribe_room {
    rondo__listening_batch frames;
    int32_t *delayed; /* (B) steps that the network makes: lengths of the frames, and the delay */
    int32_t *target, *target_lengths;
    size_t delayed_room, target_room, lengths_room;
    int64_t symbols; /* in target */
} rondo__transcribe_room;

typedef struct rondo__transcribe {
    rondo__task_object base; /* first */
    rondo__listening listening;
    rondo__tokenizer *tokenizer;
    rondo_recurrent *net;
    int weight, bias;
    int64_t V, I, W;
    int32_t blank;
    rondo__transcribe_room room[2]; /* of base.slot: the batch in use */
    rondo__text report;             /* of the last evaluation */

    /* of training only */
    rondo__transcribe_part train, valid;
    rondo__frame_batches batches;
} rondo__transcribe;

/* ---- the model (transcribe_model.c) ---- */
/* Once the tokenizer and the front end are there. */
rondo_status rondo__transcribe_build(rondo__transcribe *t, const rondo__safetensors *file, const char *path,
                                     rondo_error *err);
/* Of the frames in use: (T, B, V). */
rondo_var *rondo__transcribe_logits(rondo__transcribe *t, rondo_tape *tape);

/* ---- data (transcribe_data.c) ---- */
rondo_status rondo__transcribe_read(rondo__transcribe *t, rondo_error *err);
/* Other recordings with labels. */
rondo_status rondo__transcribe_open(rondo__transcribe *t, const char *path, rondo__transcribe_part *out,
                                    rondo_error *err);
/* The recipe's recordings for validation, of a model that was opened from its file. */
rondo_status rondo__transcribe_open_valid(rondo__transcribe *t, rondo__transcribe_part *out, rondo_error *err);
/* Puts frames of a set into the room in use. */
rondo_status rondo__transcribe_listen(rondo__transcribe *t, const rondo__frame_set *set, int64_t count,
                                      const int64_t *example, rondo_error *err);
/* Examples of a part, with what they say. */
rondo_status rondo__transcribe_fill(rondo__transcribe *t, const rondo__transcribe_part *part, int64_t count,
                                    const int64_t *example, rondo_error *err);
/* A batch of training, as task class prepare. */
rondo_status rondo__transcribe_prepare(rondo__task_object *task, int slot, int64_t epoch, int64_t batch,
                                       rondo__work *work, rondo_error *err);
void rondo__transcribe_room_free(rondo__transcribe_room *room);

/* ---- evaluation (transcribe_evaluate.c, transcribe_score.c) ---- */
extern const char *const rondo__transcribe_metrics[];
rondo_status rondo__transcribe_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                        rondo_metrics *metrics, rondo_error *err);
/* What was written beside what is right: sums over texts. Begin with zeros. */
typedef struct rondo__transcribe_score {
    int64_t texts, wrong;                        /* wrong: not exactly right */
    int64_t characters, changed, missing, added; /* of the right texts; edits */
    int64_t words, word_edits;
    struct rondo__transcribe_mistake *mistake; /* whole texts that were taken for others */
    int64_t mistakes, capacity;
} rondo__transcribe_score;
/* lower: in lower case. */
rondo_status rondo__transcribe_score_add(rondo__transcribe_score *score, const char *right, const char *written,
                                         bool lower, rondo_error *err);
void rondo__transcribe_score_tell(rondo__transcribe_score *score, rondo__text *lines);
void rondo__transcribe_score_free(rondo__transcribe_score *score);

/* ---- a language model beside (transcribe_scorer.c) ---- */
typedef struct rondo__transcribe_scorer rondo__transcribe_scorer;
/* first, text (symbols): what each symbol writes at the start of the text and behind another one. One that writes
 * nothing never comes. */
rondo_status rondo__transcribe_scorer_open(rondo__transcribe_scorer **out, rondo_model *language_model, int64_t symbols,
                                           char *const *first, char *const *text, rondo_error *err);
void rondo__transcribe_scorer_close(rondo__transcribe_scorer **scorer);
const rondo_ctc_scorer *rondo__transcribe_scorer_get(const rondo__transcribe_scorer *scorer);
/* Forgets what it has computed: states handed out before are void, but for 0. */
void rondo__transcribe_scorer_reset(rondo__transcribe_scorer *scorer);

/* ---- use (transcribe_search.c) ---- */
/* How options are carried out. */
typedef struct rondo__transcribe_search {
    rondo_ctc_search ctc;
    rondo__transcribe_scorer *scorer; /* NULL: none */
    char **first, **text;             /* (symbols) what each symbol writes, see above */
    int64_t symbols, longest;         /* longest: bytes */
} rondo__transcribe_search;
rondo_status rondo__transcribe_search_open(rondo__transcribe_search *out, const rondo__transcribe *t,
                                           const rondo_transcribe_options *options, rondo_error *err);
void rondo__transcribe_search_close(rondo__transcribe_search *search);
/* The model as a transcriber, or why not. */
rondo_status rondo__transcribe_of(const rondo_model *model, rondo__transcribe **out, rondo_error *err);

extern const struct rondo__look_class rondo__transcribe_look; /* transcribe_look.c */
extern const rondo__task_class rondo__transcribe_class;

#endif
