/* The tagger: which label has each word of a sentence?
 *
 *   word        -> embedding (0: the unknown word) ──────────────────────────────┐
 *   characters  -> embedding -> LSTM in both directions -> last states of both ──┴ joined
 *       -> dropout -> recurrent stack -> dropout -> linear -> softmax of each word, or a CRF over the sentence
 *
 * A batch spells each of its U different word forms once, (C, U) characters; the words (T, B) then look up rows of the
 * (U, 2H) table of spelled forms, so a form's gradient is the sum over all places where it stands.
 *
 * Parameters: embedding.weight (V, E); characters.embedding.weight, characters.rnn.*; rnn.* as rondo_recurrent names
 * them; output.weight (K, W), output.bias (K); crf.*. W is the width of what leaves the stack, K the number of labels.
 *
 *   tag_vocabulary.c  words, characters and labels by number
 *   tag_data.c        files -> sentences as numbers, batches
 *   tag_model.c       recipe -> parameters; a batch -> scores of labels
 *   tag_rules.c       labels that mark spans: which may follow which
 *   tag_decode.c      sets in batches; tag_path.c: scores -> labels, loss, probabilities
 *   tag_evaluate.c    accuracy, spans; tag_report.c: the same for people
 *   tag_use.c         words in, labels out; tag_conllu.c: CoNLL-U in and out
 *   tag_task.c        the class: what the training loop asks */
#ifndef RONDO_TASKS_TAG_H
#define RONDO_TASKS_TAG_H

#include "data/frames.h"
#include "data/symbols.h"
#include "data/tagged.h"
#include "rondo/crf.h"
#include "rondo/label_score.h"
#include "rondo/tag.h"
#include "train/model_file.h"
#include "train/task.h"

/* A word's or a character's number is its place + 1; 0 is any other. A label's number is its place. */
typedef struct rondo__tag_vocabulary {
    rondo__symbols words, characters, labels;
    const char **label; /* (labels) as strings */
    rondo__text label_bytes;
    bool lowercase; /* of words */
} rondo__tag_vocabulary;

/* Sentences as numbers. Word i of the set is word first + i of the file it came from. */
typedef struct rondo__tag_set {
    int64_t sentences, words, first;
    int64_t *start;  /* (sentences + 1) */
    int64_t *length; /* (sentences) */
    int32_t *word;   /* (words) */
    int32_t *label;  /* (words) -1: unknown; NULL: not given */
    /* the different words as they are spelt; none without characters */
    int32_t *form;        /* (words) */
    int64_t forms, spelt; /* spelt: characters of all */
    int64_t *spelling;    /* (forms + 1) into characters */
    int32_t *characters;
    int32_t *place; /* (forms) place in the batch that is made, + 1; 0 */
} rondo__tag_set;

/* A batch, in memory that serves again. */
typedef struct rondo__tag_batch {
    int64_t T, B, U, C;
    int32_t *words, *forms, *targets; /* (T, B); -1 behind the end */
    int32_t *lengths;                 /* (B) */
    int32_t *characters;              /* (C, U); -1 behind the end */
    int32_t *spelt;                   /* (U) characters of each form */
    int64_t counted;                  /* targets that are not -1 */
    rondo__arena room;
} rondo__tag_batch;

/* Where labels mark spans (B-X, I-X, O; E-X and S-X): which may follow which. */
typedef struct rondo__tag_rules {
    bool spans;
    uint8_t *allowed, *start; /* (K, K) from row to column, (K); NULL: every step is allowed */
    real *none;               /* (K, K) zeros: transitions of a model without any */
    real *end;                /* (K) 0, or -inf: a span would stay open; a sentence that can end in no other way does */
} rondo__tag_rules;

/* What an evaluation found, for its report. */
typedef struct rondo__tag_score {
    int64_t words, right, known, known_right; /* known: the model has a vector for the word */
    int64_t unseen;                           /* words whose tag the model does not know */
    int64_t *confusion;                       /* (K, K) [truth][prediction], without those; NULL: too many labels */
    rondo_span_score spans;
    double nats;
    int64_t counted; /* words that the loss is of */
} rondo__tag_score;

typedef struct rondo__tag {
    rondo__task_object base; /* first */
    rondo__tag_vocabulary vocabulary;
    int64_t V, K, W;
    int embedding, character_embedding, weight, bias; /* parameters; -1: absent */
    rondo_recurrent *spelling, *net;                  /* spelling: NULL without characters */
    rondo_crf *crf;                                   /* or NULL */
    rondo__tag_rules rules;
    rondo__tag_batch batch;
    rondo__tag_score score; /* of the last evaluation */
    /* of training only */
    rondo__tagged train_text, valid_text; /* valid_text: empty where the training file gave the validation part */
    rondo__tag_set train, valid;
    int64_t unseen, unseen_line; /* words of validation with an unknown tag, and the line of the first */
    rondo__frame_batches batches;
} rondo__tag;

/* ---- vocabulary (tag_vocabulary.c) ---- */
void rondo__tag_vocabulary_free(rondo__tag_vocabulary *vocabulary);
/* Of the first sentences of a text. */
rondo_status rondo__tag_vocabulary_build(rondo__tag_vocabulary *out, const rondo__tagged *text, int64_t sentences,
                                         const rondo__recipe *recipe, rondo_error *err);
rondo_status rondo__tag_vocabulary_json(const rondo__tag_vocabulary *vocabulary, rondo__text *json);
rondo_status rondo__tag_vocabulary_load(rondo__tag_vocabulary *out, const char *json, const rondo__recipe *recipe,
                                        const char *path, rondo_error *err);
/* scratch is emptied and used. -1: out of memory. */
int32_t rondo__tag_word(const rondo__tag_vocabulary *vocabulary, const char *word, rondo__text *scratch);
/* Numbers of the characters of a word into out (at most RONDO__MOST_LETTERS; of a longer word the first and last
 * halves of that); returns how many. */
enum { RONDO__MOST_LETTERS = 64 };
int rondo__tag_spell(const rondo__tag_vocabulary *vocabulary, const char *word, int32_t out[RONDO__MOST_LETTERS]);

/* ---- data (tag_data.c) ---- */
/* The recipe's files: vocabulary, training and validation part. */
rondo_status rondo__tag_read(rondo__tag *t, rondo_error *err);
rondo__tagged_spec rondo__tag_spec(const rondo__tag *t);
/* Sentences [from, to) of a text; labels where it has tags. */
rondo_status rondo__tag_set_make(rondo__tag_set *out, const rondo__tag *t, const rondo__tagged *text, int64_t from,
                                 int64_t to, rondo_error *err);
void rondo__tag_set_free(rondo__tag_set *set);

/* ---- batches (tag_batch.c) ---- */
/* Sentences of a set into t->batch. epoch -1: not in training; else words are unknown at the recipe's rate. */
rondo_status rondo__tag_fill(rondo__tag *t, rondo__tag_set *set, int64_t count, const int64_t *sentence, int64_t epoch,
                             rondo_error *err);

/* ---- the model (tag_model.c) ---- */
rondo_status rondo__tag_build(rondo__tag *t, const rondo__safetensors *file, const char *path, rondo_error *err);
/* Of the batch: (T, B, K). */
rondo_var *rondo__tag_emission(rondo__tag *t, rondo_tape *tape);
/* Mean over the counted words. */
rondo_var *rondo__tag_loss(rondo__tag *t, rondo_tape *tape);

/* ---- spans (tag_rules.c) ---- */
/* Of the labels; legal: build the rules, too. */
rondo_status rondo__tag_rules_make(rondo__tag_rules *out, const rondo__tag_vocabulary *vocabulary, bool legal,
                                   rondo_error *err);
void rondo__tag_rules_free(rondo__tag_rules *rules);
/* Beyond so many labels nothing is made that has their square. */
enum { RONDO__TAG_MANY = 2048 };

/* ---- decoding (tag_decode.c, tag_path.c) ---- */
typedef struct rondo__tag_found {
    int32_t *label;      /* (words) */
    double *probability; /* (words) of that label; NULL: not asked for */
    double nats;         /* of the words that have a known label */
    int64_t counted;
    bool finite; /* all scores are: else labels mean nothing */
} rondo__tag_found;
/* Of the batch just filled, from its emission (T, B, K) on a tape without gradients. Arrays are in t->batch.room. */
typedef struct rondo__tag_path {
    int32_t *label;      /* (T, B) */
    real *losses;        /* (T, B), or with a CRF (B), 0 where the tag (with a CRF: any of the row's) is unknown */
    double *probability; /* (T, B) of that label, or NULL */
    bool finite;
} rondo__tag_path;
rondo_status rondo__tag_find_path(rondo__tag *t, rondo_tape *tape, rondo_var *emission, bool probabilities,
                                  rondo__tag_path *out, rondo_error *err);
rondo_status rondo__tag_run(rondo__tag *t, rondo_tape *tape, rondo__tag_set *set, bool probabilities,
                            rondo__tag_found *out, rondo_error *err);
void rondo__tag_found_free(rondo__tag_found *found);
/* RONDO_NUMERIC where scores are not finite. */
rondo_status rondo__tag_found_check(const rondo__tag_found *found, rondo_error *err);

/* ---- evaluation (tag_evaluate.c, tag_report.c) ---- */
extern const char *const rondo__tag_metrics[];
rondo_status rondo__tag_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                 rondo_metrics *metrics, rondo_error *err);
void rondo__tag_report(const rondo__task_object *task, rondo__text *lines);

extern const struct rondo__look_class rondo__tag_look; /* tag_look.c */
extern const rondo__task_class rondo__tag_class;

#endif
