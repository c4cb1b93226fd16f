/* Models leave for other places: as one C file where no library goes, as ONNX where its runtimes are. */
#ifndef RONDO_DEPLOY_H
#define RONDO_DEPLOY_H

#include "rondo/quantise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the weights of an exported file are. int8, int16: whole numbers with a step for each row of a matrix; what they
 * are multiplied with is rounded as it comes (with one step per vector) or, calibrated, with one step for each matrix;
 * sums are whole; gates, states, biases and norms stay float. */
typedef enum rondo_c_precision { RONDO_C_FLOAT32, RONDO_C_INT8, RONDO_C_INT16 } rondo_c_precision;

/* Zero means the default. */
typedef struct rondo_c_options {
    const char *name; /* what identifiers begin with; NULL: the file's name */
    rondo_c_precision precision;
    int64_t check_steps; /* length of the test sequence in the file; 0: 8; negative: none */
    /* int8: data to calibrate with and to measure on (`weights` and `keep` count for nothing here), and what that
     * found, as of a model file; freed by rondo_quantise_report_free. Either may be NULL. A model file with calibrated
     * weights brings its scales. */
    const rondo_quantise_options *rounding;
    rondo_quantise_report *report;
} rondo_c_options;

/* Writes PATH, plain C99 (and C++) that needs nothing but libm, or not even that with NAME_NO_LIBM: no heap, no stdio,
 * weights as constant data, the state in a struct of the caller; NAME_init, NAME_step (one step; where the model reads
 * in one direction), NAME_run (a whole sequence); of an encoder-decoder NAME_translate, of a forecast NAME_forecast, of
 * a model that listens NAME_hear and NAME_listen; docs/export.md tells them all. Its first comment says what memory and
 * how many operations it takes. Compiled with NAME_CHECK it is a program that runs a test sequence and compares with
 * what Rondo computed. options may be NULL. RONDO_UNSUPPORTED names what cannot be written. */
RONDO_API rondo_status rondo_model_export_c(rondo_model *model, const char *path, const rondo_c_options *options,
                                            rondo_error *err);

/* Zero means the default. */
typedef struct rondo_onnx_options {
    bool external_data; /* weights in PATH.data beside the file; always so beyond 2 GiB */
} rondo_onnx_options;

/* Writes PATH, an ONNX file (operator set 18) of what the network computes, with names for its inputs and outputs,
 * lengths of rows, states where it goes step by step; docs/onnx.md lists them. The recipe and the vocabulary are in its
 * metadata. options may be NULL. RONDO_UNSUPPORTED names what cannot be written. */
RONDO_API rondo_status rondo_model_export_onnx(rondo_model *model, const char *path, const rondo_onnx_options *options,
                                               rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif
