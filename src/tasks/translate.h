/* Encoder-decoder models as a task: pairs of texts in, a model that writes the second from the first.
 *
 *   translate_model.c     recipe -> parts and parameters
 *   translate_data.c      files -> vocabularies, ids, batches
 *   translate_copy.c      pointer networks: which target symbol does each source symbol stand for?
 *   translate_task.c      the class: what the training loop asks
 *   translate_search.c    rows of source ids -> hypotheses
 *   translate_lines.c     lines in, lines out
 *   translate_use.c       the same as public functions, and pictures of attention
 *   translate_evaluate.c  loss, accuracy, scores of what it writes
 *   translate_report.c    the same for people: signature, buckets by length
 *   translate_deploy.c    what exporters write
 *
 * The end symbol of the target's vocabulary (its line end) also is what the decoder is told first. */
#ifndef RONDO_TASKS_TRANSLATE_H
#define RONDO_TASKS_TRANSLATE_H

#include "data/pairs.h"
#include "data/tokenizer.h"
#include "rondo/seq2seq.h"
#include "rondo/translate.h"
#include "train/model_file.h"
#include "train/task.h"

/* Pointer networks. The extended vocabulary of a pair is the target's, then the words of its source that the target's
 * vocabulary lacks, numbered V, V + 1, ... as they come. */
typedef struct rondo__copy_ids {
    rondo__id_lines source; /* of each source symbol; -1: cannot be copied */
    rondo__id_lines target; /* of each target symbol */
    int64_t unknown;        /* most words of one line beyond V */
} rondo__copy_ids;

/* One part of the data. */
typedef struct rondo__part {
    rondo__pair_texts texts;
    rondo__id_lines source, target;
    rondo__copy_ids copy; /* empty without a pointer */
    rondo__pair_batches batches;
    rondo__answers answers; /* dictionary: the pairs of each distinct source */
} rondo__part;
void rondo__part_free(rondo__part *part);

/* Arrays of one batch. */
typedef struct rondo__room {
    rondo__pair_batch batch;
    int32_t *copy, *copy_targets; /* pointer: (S, B), (T, B) */
} rondo__room;

typedef struct rondo__translate {
    rondo__task_object base;           /* first */
    rondo__tokenizer *source, *target; /* the same one where the vocabulary is shared */
    rondo_seq2seq *net;
    int64_t V; /* the target's symbols */
    int32_t end, unknown;
    rondo_decoding *decoding; /* opened at first use; closed when parameters change */
    /* of training only */
    rondo__part train, valid;
    rondo__room room;
} rondo__translate;

/* ---- the model (translate_model.c) ---- */
/* Once both tokenizers are there: V and the special symbols. */
rondo_status rondo__translate_symbols(rondo__translate *t, rondo_error *err);
/* Do the parts of the model fit together? Asked before any data are read. */
rondo_status rondo__translate_check(const rondo__recipe *recipe, rondo_error *err);
/* Vocabularies are there; file NULL: initial values by the recipe's seed. */
rondo_status rondo__translate_build(rondo__translate *t, const rondo__safetensors *file, const char *path,
                                    rondo_error *err);

/* ---- data (translate_data.c) ---- */
/* The recipe's files: vocabularies, training and validation part. */
rondo_status rondo__translate_read(rondo__translate *t, rondo_error *err);
/* Other files as a part: two parallel ones, or one dictionary. batch_tokens: of its batches. */
rondo_status rondo__translate_read_part(rondo__translate *t, rondo__part *part, int files, const char *const *file,
                                        rondo_error *err);
/* The recipe's validation pairs, of a model that was opened from its file. */
rondo_status rondo__translate_read_valid(rondo__translate *t, rondo__part *part, rondo_error *err);
/* part->texts are there already; of sources and targets of the caller's, too. label: for messages. */
rondo_status rondo__translate_take_part(rondo__translate *t, rondo__part *part, const char *label, rondo_error *err);
/* Room for the largest batch of a part. */
rondo_status rondo__room_make(rondo__room *room, const rondo__translate *t, const rondo__part *part, rondo_error *err);
void rondo__room_free(rondo__room *room);
/* Fills room with a batch of part and gives it as the model wants it. */
rondo_pairs_batch rondo__room_fill(rondo__room *room, const rondo__translate *t, rondo__part *part, int64_t epoch,
                                   int64_t batch);

/* ---- pointer networks (translate_copy.c) ---- */
rondo_status rondo__copy_make(rondo__copy_ids *out, const rondo__translate *t, const rondo__part *part,
                              rondo_error *err);
void rondo__copy_free(rondo__copy_ids *copy);
/* What the symbols of one source line stand for, into out (count); *extra: how many lie beyond V. words: the line's
 * symbols as rondo__surfaces gives them. */
rondo_status rondo__copy_line(const rondo__translate *t, const char *line, const rondo__lines *words, int64_t count,
                              int32_t *out, int64_t *extra, rondo_error *err);
/* The symbols of a line, of the source's or of the target's side, as they stand in it: for words and characters these
 * themselves (in lower case where the tokenizer makes them so), else what each id means. count: of ids. */
rondo_status rondo__surfaces(const rondo__translate *t, bool target, const char *line, const int32_t *ids,
                             int64_t count, rondo__lines *out, rondo_error *err);

/* ---- search (translate_search.c) ---- */
/* Models that write together: one, or an ensemble. */
typedef struct rondo__writers {
    int count;
    rondo__translate **member;
    rondo_search_model *search;
    rondo_ensemble *ensemble;
} rondo__writers;
/* Opens what each needs; members must have the same vocabularies. */
rondo_status rondo__writers_open(rondo__writers *out, int count, rondo__translate *const *member, rondo_error *err);
void rondo__writers_close(rondo__writers *writers);
/* Do all of them look at the source's symbols (attention)? */
bool rondo__writers_look(const rondo__writers *writers);
/* One line to be translated. */
typedef struct rondo__source_line {
    const char *text;
    int32_t *ids;
    int32_t *copy; /* pointer: ids in the extended vocabulary, else NULL */
    int64_t count;
    int64_t extra; /* words beyond V */
    rondo__lines words;
} rondo__source_line;
/* Searches for B lines (none empty) at once. */
rondo_status rondo__writers_search(rondo__writers *writers, int64_t B, rondo__source_line *const *line,
                                   const rondo_search_options *options, rondo_search_result *out, rondo_error *err);

/* ---- lines (translate_lines.c) ---- */
rondo_status rondo__translate_lines(int members, rondo__translate *const *member, int64_t lines,
                                    const char *const *line, const rondo_translate_options *options,
                                    rondo_translation *out, rondo_error *err);

/* ---- evaluation (translate_evaluate.c) ---- */
typedef struct rondo__translate_totals {
    double nats;
    int64_t tokens, right; /* counted targets, those that are the likeliest symbol */
    int64_t pairs, skipped;
} rondo__translate_totals;
rondo_status rondo__translate_measure(rondo__translate *t, rondo_tape *tape, rondo__part *part,
                                      rondo__translate_totals *out, rondo_error *err);
/* Translations of every source of the part (of a dictionary: of every distinct one), as texts. */
typedef struct rondo__written {
    int64_t count;
    char **text;
} rondo__written;
rondo_status rondo__translate_write(rondo__translate *t, const rondo__part *part,
                                    const rondo_translate_options *options, rondo__written *out, rondo_error *err);
void rondo__written_free(rondo__written *written);
/* word_error_rate and phone_error_rate of a dictionary's part. */
rondo_status rondo__translate_error_rates(const rondo__part *part, const rondo__written *written,
                                          rondo_metrics *metrics, rondo_error *err);
void rondo__translate_loss_metrics(const rondo__translate_totals *totals, rondo_metrics *metrics);
extern const char *const rondo__translate_metrics[];
rondo_status rondo__translate_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                       rondo_metrics *metrics, rondo_error *err);
bool rondo__translate_is_dictionary(const rondo__translate *t);

/* ---- export (translate_deploy.c) ---- */
rondo_status rondo__translate_encdec(rondo__task_object *task, struct rondo__encdec *out, rondo_error *err);
void rondo__translate_around(const rondo__task_object *task, struct rondo__around *out);

extern const struct rondo__look_class rondo__translate_look; /* translate_look.c */
extern const rondo__task_class rondo__translate_class;

#endif
