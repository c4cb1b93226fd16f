/* A trained model with its weights rounded, for use: a quarter of the bytes (int8) or half of them (bf16), and products
 * of whole numbers or of halves. The file is a model file like any other; it is opened, evaluated and streamed as such,
 * but not trained. */
#ifndef RONDO_QUANTISE_H
#define RONDO_QUANTISE_H

#include "rondo/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rondo_weights { RONDO_WEIGHTS_INT8, RONDO_WEIGHTS_BF16 } rondo_weights;

/* Zero means the default. Matrices are rounded; biases, norms, peepholes and what is not multiplied with stay float. */
typedef struct rondo_quantise_options {
    rondo_weights weights;
    int keeps; /* layers that stay float, by the name of a tensor or the first parts of it: "output", "encoder" */
    const char *const *keep;
    int calibrates; /* int8: data of the model's task, as for rondo_model_evaluate: from what the products meet there */
    const char *const *calibrate; /* each gets one scale for what it multiplies; none: a scale per row, as it comes */
    double percentile;            /* of the sizes met: larger ones are cut off; 0: 100, the largest */
    int data_files;               /* what the report measures on; none: what it was calibrated with */
    const char *const *data;
    bool by_layer;      /* also measure each layer rounded alone */
    const char *metric; /* one that the measurements must have, NULL: any; for those who will compare by it */
} rondo_quantise_options;

typedef struct rondo_quantise_layer {
    char name[128]; /* of the tensor */
    int64_t rows, columns;
    bool rounded;           /* false: kept */
    int64_t before, after;  /* bytes, with scales */
    double signal_to_noise; /* of its products (or of its rows, where they are only looked up), dB; NaN: not measured */
    double input_size;      /* calibrated: the largest number that what it multiplies is rounded for; 0: by row */
    rondo_metrics metrics;  /* of the model with this layer alone rounded; empty unless by_layer */
} rondo_quantise_layer;

typedef struct rondo_quantise_report {
    rondo_metrics before, after;       /* empty without data */
    int64_t bytes_before, bytes_after; /* of all weights */
    int layers;
    rondo_quantise_layer *layer; /* (layers) every matrix that can be rounded, as the file has them */
} rondo_quantise_report;

/* Writes the model, opened from a file of float weights, to the file `to`. report may be NULL (then nothing is
 * measured); what it holds is freed by rondo_quantise_report_free. RONDO_STATE where the model's weights are rounded
 * already, RONDO_NUMERIC where one is not finite, RONDO_ARGUMENT where a name to keep is not there. */
RONDO_API rondo_status rondo_model_quantise(rondo_model *model, const char *to, const rondo_quantise_options *options,
                                            rondo_quantise_report *report, rondo_error *err);
RONDO_API void rondo_quantise_report_free(rondo_quantise_report *report);

#ifdef __cplusplus
}
#endif
#endif
