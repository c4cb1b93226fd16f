/* Models of other makers on their way to Rondo, inside.
 *
 * A file is read into a list of named arrays, `theirs`. One reader for each maker finds out which of them, or which
 * part, becomes which parameter of ours, and says so by a `piece`. What kind of network it is follows from the pieces.
 * At the end each of ours must have got exactly one piece, and each of theirs must have been used up or left out on
 * purpose.
 *
 *   import.c          the file, the list, prefix and mapping
 *   import_mapping.c  the mapping file
 *   import_names.c    names of cells' weights: PyTorch's and our own
 *   import_pytorch.c  import_keras.c  import_onnx.c  the makers
 *   import_around.c   the layers around: embedding and output, by name and shape
 *   import_network.c  pieces -> what the network is
 *   import_fill.c     pieces -> parameters, the report
 *
 * Names of ours: "embedding.weight", "rnn.weight_ih_l0", ..., "output.weight", "output.bias"; of a task's model those
 * of its parameters. */
#ifndef RONDO_EXCHANGE_IMPORT_H
#define RONDO_EXCHANGE_IMPORT_H

#include "exchange/array.h"
#include "formats/npz.h"
#include "formats/safetensors.h"
#include "kernels/kernels.h"
#include "rondo/import.h"

/* ---- the mapping file (import_mapping.c) ---- */
typedef struct rondo__mapping_rule {
    char *theirs, *ours; /* each may hold one '*'; ours NULL: leave it out */
    char gates[8];       /* order of theirs, "" as ours */
    bool transpose, used;
    int line;
} rondo__mapping_rule;
typedef struct rondo__mapping {
    int count;
    rondo__mapping_rule *rule;
} rondo__mapping; /* a zeroed one is empty */
rondo_status rondo__mapping_read(rondo__mapping *out, const char *path, rondo_error *err);
rondo_status rondo__mapping_parse(rondo__mapping *out, const char *label, const char *text, size_t size,
                                  rondo_error *err);
void rondo__mapping_free(rondo__mapping *mapping);
/* The first rule that fits, or NULL. ours (size): the name that it gives, "" to leave it out. False: it has no room. */
bool rondo__mapping_find(const rondo__mapping *mapping, const char *name, rondo__mapping_rule **rule, char *ours,
                         size_t size);

/* ---- the list ---- */
#define RONDO__IMPORT_NAME 128
typedef struct rondo__theirs {
    const char *name; /* of the file */
    const char *key;  /* without the prefix: what readers look at */
    rondo__array array;
    int64_t used;         /* numbers that pieces took */
    bool mapped;          /* a rule took it: readers pass it over */
    const char *left_out; /* why, or NULL */
} rondo__theirs;

/* Numbers of one of theirs that become one of ours. Of theirs, [first, first + rows * columns) is a matrix (rows,
 * columns), or transposed (columns, rows). Its rows are gate blocks in their order. */
typedef struct rondo__piece {
    char name[RONDO__IMPORT_NAME]; /* ours */
    int from;                      /* place in theirs; -1: zeros */
    int64_t first;
    int rank; /* of ours */
    int64_t dims[RONDO_MAX_RANK];
    bool transposed;
    char gates[8];      /* their order, "" as ours */
    char turned;        /* the gate of ours whose numbers change their sign; 0: none */
    const char *note;   /* static text or "" */
    int64_t spare_rows; /* rows of ours behind theirs, found by rondo__import_match: symbols that they do not know */
} rondo__piece;

typedef enum rondo__import_source { RONDO__FROM_PYTORCH, RONDO__FROM_KERAS, RONDO__FROM_ONNX } rondo__import_source;

typedef struct rondo__import {
    const char *path;
    const rondo_import_options *options;
    rondo__import_source source;
    rondo__safetensors *tensors; /* the file: one of three */
    rondo__npz npz;
    struct rondo__onnx *onnx;
    rondo__mapping mapping;
    int count;
    rondo__theirs *theirs;
    int pieces, room;
    rondo__piece *piece;
    /* what the network is (import_network.c) */
    rondo_recurrent_config config;
    int64_t vocabulary, output; /* 0: no such layer */
    bool reset_before, coupled; /* the file says so */
    rondo_merge merge;
    rondo_activation activation;
    const rondo_params *wanted; /* of a task's model; NULL: a bare network */
    const char *task;           /* its name */
    bool spare;                 /* symbols of ours that they do not know may stand behind theirs */
    bool searched;              /* rondo__import_find was called: there is something to report */
    int64_t unknown;            /* the row of their embedding that is our first; -1: as it is */
    rondo_error *err;
} rondo__import;

/* Reads the file into the list. In any case rondo__import_close is due. */
rondo_status rondo__import_open(rondo__import *in, const char *path, const rondo_import_options *options,
                                rondo_error *err);
void rondo__import_close(rondo__import *in);
/* Finds the pieces: the mapping's, then the maker's. wanted: see above. */
rondo_status rondo__import_find(rondo__import *in, const rondo_params *wanted);

/* "PATH: tensor 'NAME': ..." */
rondo_status rondo__import_bad(const rondo__import *in, int from, rondo_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
rondo_status rondo__import_no_memory(const rondo__import *in);
/* A piece with all numbers of theirs[from] under its own shape; NULL: failed (status is in *status). */
rondo__piece *rondo__import_add(rondo__import *in, int from, const char *name, rondo_status *status);
/* A piece of zeros, or of the numbers from `first` on. columns 0: a vector. */
rondo__piece *rondo__import_add_part(rondo__import *in, int from, const char *name, int64_t first, int64_t rows,
                                     int64_t columns, rondo_status *status);
const rondo__piece *rondo__import_piece(const rondo__import *in, const char *name); /* NULL: none */
/* Is theirs[i] still to be explained? */
static inline bool rondo__import_free(const rondo__theirs *t) { return !t->mapped && !t->left_out && t->used == 0; }

/* ---- names (import_names.c) ---- */
typedef struct rondo__cell_name {
    size_t prefix;    /* bytes before the parameter's name */
    const char *what; /* "weight_ih": static */
    int layer;
    bool reverse;
} rondo__cell_name;
bool rondo__cell_name_parse(const char *name, rondo__cell_name *out);
/* "rnn.weight_ih_l0_reverse" into out (RONDO__IMPORT_NAME); false: it has no room. */
bool rondo__cell_name_make(char *out, const char *prefix, const char *what, int layer, bool reverse);
/* Smaller, equal or larger, numbers in the names by their value. */
int rondo__compare_natural(const char *a, const char *b);
/* Does the name, whatever the case of its letters, hold the word? */
bool rondo__name_holds(const char *name, const char *word);

/* ---- makers ---- */
rondo_status rondo__import_pytorch(rondo__import *in);
rondo_status rondo__import_keras(rondo__import *in);
bool rondo__import_is_keras(const rondo__import *in);
rondo_status rondo__import_onnx_list(rondo__import *in); /* fills the list */
rondo_status rondo__import_onnx(rondo__import *in);
/* Embedding and output layer of a network whose stack is known, by name and shape, where names are PyTorch's. */
rondo_status rondo__import_around(rondo__import *in);

/* ---- the network (import_network.c) ---- */
rondo_status rondo__import_network(rondo__import *in);
/* Gates of a parameter by its name, as ours stand: "ifgo" of "rnn.weight_ih_l0" of an LSTM, "" of others. */
const char *rondo__import_gates(rondo_params *params, const char *name);

/* ---- into parameters (import_fill.c) ---- */
/* Has each parameter its one piece of the right shape, is each of theirs used up? */
rondo_status rondo__import_match(rondo__import *in, rondo_params *params);
/* Copies; params have memory for their values. */
rondo_status rondo__import_fill(rondo__import *in, rondo_params *params);
/* params NULL: they never came to be. NULL: no memory. */
rondo_import_report *rondo__import_report(const rondo__import *in, rondo_params *params);

#endif
