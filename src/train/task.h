/* What the training loop asks of a task (level 6 implements it, level 5 calls it). */
#ifndef RONDO_TRAIN_TASK_H
#define RONDO_TRAIN_TASK_H

#include "formats/safetensors.h"
#include "kernels/kernels.h"
#include "rondo/model.h"
#include "rondo/nn.h"
#include "train/recipe.h"

typedef struct rondo__task_class rondo__task_class;
struct rondo__model_meta; /* model_file.h */
struct rondo__network;    /* exchange/network.h */
struct rondo__encdec;     /* exchange/encdec.h */
struct rondo__around;     /* exchange/around.h */
struct rondo__look_class; /* tasks/look.h */

/* An object of a task begins with this. */
typedef struct rondo__task_object {
    const rondo__task_class *class;
    rondo_context *context;
    rondo__recipe recipe;
    rondo_params *params;
    char where[RONDO__PATH]; /* labelled examples: which of them evaluations count; "": all */
    int slot;                /* 0 or 1: the one that loss and evaluations use; see prepare */
} rondo__task_object;

struct rondo__task_class {
    const char *name;   /* "language_model" */
    const char *symbol; /* what speed counts: "symbols", "tokens" */
    size_t size;        /* bytes of an object */
    bool labelled;      /* evaluations can be told which examples count (rondo_model_select) */
    /* Reads the recipe's data, builds vocabulary and model; parameters get their initial values from the recipe's seed.
     * The object is all zero but for what is above. */
    rondo_status (*create)(rondo__task_object *task, rondo_error *err);
    /* From a model file (path for messages): no training data is read. Shapes are checked against the file before
     * memory is taken by the recipe's sizes. */
    rondo_status (*load)(rondo__task_object *task, const struct rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err);
    /* Frees what the object holds (params and the object itself are freed after it), however far it was made. */
    void (*clear)(rondo__task_object *task);
    int64_t (*batches_per_epoch)(const rondo__task_object *task);
    /* What a batch's memory grows with: steps, padding included. NULL: all batches are alike. */
    int64_t (*batch_cells)(rondo__task_object *task, int64_t epoch, int64_t batch);
    /* Begins to fill slot 0 or 1 with a batch: sizes and memory. What is left is *work, which loss finds done; it may
     * be done by any thread (worker 0 to the context's threads, and that number itself), while loss and evaluate run on
     * the other slot. NULL: loss does it all, as is right where that is no more than a per cent of a step. */
    rondo_status (*prepare)(rondo__task_object *task, int slot, int64_t epoch, int64_t batch, rondo__work *work,
                            rondo_error *err);
    /* Builds the loss (mean per symbol) of one batch of one epoch on a tape that has begun. Carried states are kept
     * inside the task; a batch depends only on (seed, epoch, batch) and them. *symbols: targets counted. */
    rondo_var *(*loss)(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols);
    /* After the tape has been run back (or evaluated): take over what is carried to the next batch. NULL: nothing. */
    void (*after_batch)(rondo__task_object *task);
    /* Metrics on the validation part (files NULL, 0) or other files. Leaves carried training states untouched. */
    rondo_status (*evaluate)(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                             rondo_metrics *metrics, rondo_error *err);
    const char *const *metrics; /* the names that evaluate sets, ending with NULL */
    /* Carried states as named arrays for the checkpoint ("state.h.0", ...; at most max), pointing into the task. NULL:
     * none. */
    int (*state)(rondo__task_object *task, int max, rondo__named *out);
    /* What `rondo info` says beside what every model has: "key": value pairs, each followed by ", ". */
    void (*describe)(const rondo__task_object *task, rondo__text *json);
    /* The next two may be NULL. Lines about the data, shown when training begins (gaps, empty recordings). */
    void (*notes)(const rondo__task_object *task, rondo__text *lines);
    /* What the last evaluation found beyond its metrics, as lines of tables and words: after training that of the best
     * one, and after `rondo eval`. */
    void (*report)(const rondo__task_object *task, rondo__text *lines);
    /* Vocabulary as JSON for the model file's metadata, and tensors beside the parameters (NULL: none). */
    rondo_status (*vocabulary)(rondo__task_object *task, rondo__text *json);
    int (*extra_tensors)(rondo__task_object *task, int max, rondo__named *out);
    /* What is left of the model where it is deployed, pointing into the task; what cannot be is refused by name. NULL:
     * nothing of this task can. */
    rondo_status (*network)(rondo__task_object *task, struct rondo__network *out, rondo_error *err);
    /* The same of an encoder-decoder. */
    rondo_status (*encdec)(rondo__task_object *task, struct rondo__encdec *out, rondo_error *err);
    /* What stands around it: the front end, texts of symbols and labels. NULL: nothing. out is empty. */
    void (*around)(const rondo__task_object *task, struct rondo__around *out);
    /* How it is looked into, one passage of data at a time. NULL: it cannot be. */
    const struct rondo__look_class *look;
};

/* Objects (src/train/task.c). On failure *out is NULL. */
rondo_status rondo__task_create(rondo__task_object **out, const rondo__task_class *class, rondo_context *context,
                                const rondo__recipe *recipe, rondo_error *err);
rondo_status rondo__task_load(rondo__task_object **out, const rondo__task_class *class, rondo_context *context,
                              const struct rondo__model_meta *meta, const rondo__safetensors *file, const char *path,
                              rondo_error *err);
/* NULL and *task == NULL are fine. */
void rondo__task_destroy(rondo__task_object **task);

const rondo__task_class *rondo__task_find(int task_kind); /* in src/tasks/registry.c; NULL: not in this build */

/* The loop (src/train/loop.c): trains an object to the end of its recipe. */
rondo_status rondo__train_run(rondo__task_object *task, const rondo_train_options *options, rondo_train_result *result,
                              rondo_error *err);
/* Writes a model file (src/train/model_file.c): parameters (values: NULL, or a block to use in their place, e.g.
 * averaged weights), recipe and vocabulary. */
rondo_status rondo__model_write(rondo__task_object *task, const char *path, const real *values,
                                const rondo_metrics *metrics, rondo_error *err);
#endif
