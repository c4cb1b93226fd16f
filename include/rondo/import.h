/* Models come from other makers: PyTorch, Keras, ONNX. They leave for PyTorch again, too. */
#ifndef RONDO_IMPORT_H
#define RONDO_IMPORT_H

#include "rondo/model.h"
#include "rondo/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the report: one line for each tensor of the file, and for each of ours that got nothing from it ---- */
typedef enum rondo_import_fate {
    RONDO_IMPORT_TAKEN,
    RONDO_IMPORT_MADE,      /* ours: zeros, since the other maker has no such tensor */
    RONDO_IMPORT_LEFT_OUT,  /* theirs: on purpose, note says why */
    RONDO_IMPORT_LEFT_OVER, /* theirs: nobody knows what it is; the import fails */
    RONDO_IMPORT_MISSING    /* ours: nothing was found for it; the import fails */
} rondo_import_fate;

#define RONDO_IMPORT_RANK 8
typedef struct rondo_import_line {
    rondo_import_fate fate;
    const char *theirs; /* NULL where there is none */
    rondo_dtype dtype;  /* of theirs */
    int rank;
    int64_t dims[RONDO_IMPORT_RANK];
    const char *ours; /* NULL where there is none */
    int our_rank;
    int64_t our_dims[RONDO_MAX_RANK];
    const char *their_gates, *our_gates; /* "zrh", "rzn"; "" where there are none */
    bool transposed;
    const char *note; /* "row 0 of 2", "not under --prefix"; "" */
} rondo_import_line;

typedef struct rondo_import_report rondo_import_report;
RONDO_API int rondo_import_report_count(const rondo_import_report *report);
RONDO_API const rondo_import_line *rondo_import_report_at(const rondo_import_report *report, int index);
/* "pytorch", "keras", "onnx"; and what the model is, in a few words. */
RONDO_API const char *rondo_import_report_source(const rondo_import_report *report);
RONDO_API const char *rondo_import_report_model(const rondo_import_report *report);
/* Frees and nulls; NULL and *report == NULL are fine. */
RONDO_API void rondo_import_report_free(rondo_import_report **report);

/* ---- import ---- */
/* Zero means: what the file says, or the default. */
typedef struct rondo_import_options {
    bool cell_given; /* else the shapes say which cell it is */
    rondo_cell cell;
    const char *prefix;  /* only tensors whose names begin so, and without it; NULL: all */
    const char *mapping; /* a mapping file, docs/import.md; NULL: obvious names are known */
    bool allow_nan;      /* take weights that are not finite */
    /* what no file of weights says; all as in rondo_recurrent_config */
    rondo_activation activation, output_activation;
    rondo_merge merge;
    bool reset_before, coupled_gates, residual;
    double cell_clip, decay;
    /* a task's model in place of a bare network */
    const char *recipe;
    int sets; /* overrides "key.path=value" of the recipe */
    const char *const *set;
    /* of a language model or a tagger: a symbol per line, in the order of the rows; NULL: the recipe's data give the
     * vocabulary, in Rondo's own order. A tagger's unknown word is the line <unk>, else the first. */
    const char *vocabulary;
    const char *labels; /* of a tagger, with vocabulary: a label per line, in the order of the rows */
} rondo_import_options;

/* Reads PATH: .safetensors (a state dict of PyTorch), .npz (weights of Keras) or .onnx (a plain chain of recurrent
 * nodes), and writes a model file of Rondo to TO: a network alone, which rondo_model_apply runs, or with a recipe a
 * model of its task. to NULL: nothing is written, all is checked. options may be NULL; report may be NULL, else it is
 * the caller's (rondo_import_report_free), also after a failure that the tensors are to blame for. Errors name the file
 * and the tensor or node. */
RONDO_API rondo_status rondo_import(rondo_context *context, const char *path, const char *to,
                                    const rondo_import_options *options, rondo_import_report **report,
                                    rondo_error *err);

/* ---- export to PyTorch ---- */
typedef struct rondo_pytorch_options {
    const char *prefix; /* only parameters whose names begin so, and without it ("rnn."); NULL: all */
} rondo_pytorch_options;

/* What was written, for a message. */
typedef struct rondo_pytorch_result {
    int tensors;
    int left_out;     /* tensors of Rondo's own: tokenizers, means of a front end */
    char module[256]; /* the module that takes the stack: "nn.LSTM(128, 256, num_layers=2)"; "" where there is none */
} rondo_pytorch_result;

/* Writes PATH, a safetensors file that load_state_dict(strict=True) takes: parameters alone, under PyTorch's names.
 * RONDO_UNSUPPORTED names an option of the cells that PyTorch's have not: its module would take the tensors and compute
 * something else. options and result may be NULL. */
RONDO_API rondo_status rondo_model_export_pytorch(rondo_model *model, const char *path,
                                                  const rondo_pytorch_options *options, rondo_pytorch_result *result,
                                                  rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif
