/* Parameters and layers: what models are made of. */
#ifndef RONDO_NN_H
#define RONDO_NN_H

#include "rondo/cells.h"
#include "rondo/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- parameters: all values in one block, all gradients in another (so that the optimiser, the norm and the
 * checkpoint are each one loop). Declare all, finish once, then use. ---- */
typedef struct rondo_params rondo_params;

typedef enum rondo_init_kind {
    RONDO_INIT_ZEROS,
    RONDO_INIT_CONSTANT,  /* scale */
    RONDO_INIT_UNIFORM,   /* [-scale, scale] */
    RONDO_INIT_NORMAL,    /* standard deviation scale */
    RONDO_INIT_XAVIER,    /* uniform, sqrt(6/(fan_in+fan_out)) * scale */
    RONDO_INIT_ORTHOGONAL /* each square block of rows (dims[1] wide) orthogonal, times scale */
} rondo_init_kind;
typedef struct rondo_init {
    rondo_init_kind kind;
    rondo_real scale;
} rondo_init;
typedef struct rondo_param {
    char name[128];
    rondo_tensor value; /* in the values block; data is NULL until finish */
    rondo_real *grad;   /* in the gradients block */
    int64_t offset;     /* numbers from the start of the block (each parameter begins on 64 bytes) */
    rondo_init init;
    const struct rondo__stored *stored; /* of a model opened from an int8 or bf16 file: value.dtype says which, and
                                           value.data are its bytes; otherwise NULL */
} rondo_param;

RONDO_API rondo_status rondo_params_create(rondo_params **out, rondo_error *err);
RONDO_API void rondo_params_destroy(rondo_params **params);
/* Declares one; *index is its place from now on. Names are unique (RONDO_ARGUMENT otherwise). */
RONDO_API rondo_status rondo_params_add(rondo_params *params, const char *name, int rank, const int64_t *dims,
                                        rondo_init init, int *index, rondo_error *err);
/* Allocates both blocks and fills in initial values: value j of parameter i depends only on (seed, i, j). */
RONDO_API rondo_status rondo_params_finish(rondo_params *params, uint64_t seed, rondo_error *err);
RONDO_API int rondo_params_count(const rondo_params *params);
RONDO_API rondo_param *rondo_params_at(rondo_params *params, int index);
RONDO_API int rondo_params_find(const rondo_params *params, const char *name); /* -1: absent */
/* Numbers in each block, padding between parameters (always zero) included. */
RONDO_API int64_t rondo_params_size(const rondo_params *params);
/* Numbers that are really trained. */
RONDO_API int64_t rondo_params_total(const rondo_params *params);
RONDO_API rondo_real *rondo_params_values(rondo_params *params);
RONDO_API rondo_real *rondo_params_grads(rondo_params *params);
RONDO_API void rondo_params_clear_grads(rondo_params *params);
/* The parameter as a leaf of the tape. index -1: NULL (an absent optional parameter). Its values must stand still until
 * the step is over, backward included: the tape keeps packed forms of them. */
RONDO_API rondo_var *rondo_params_use(rondo_params *params, rondo_tape *tape, int index);

/* ---- a recurrent network: any cell, stacked, one or two directions ---- */
#define RONDO_MAX_LAYERS 16

typedef enum rondo_cell { RONDO_ELMAN, RONDO_JORDAN, RONDO_LSTM, RONDO_GRU } rondo_cell;
/* A gate of the LSTM that a network does without: it is always open (Greff 2017: NIG, NFG, NOG). Its weights start at 0
 * and its bias at 1000, where the sigmoid is 1 and has no gradient, so that they stay; models with it are LSTMs to
 * everybody. */
typedef enum rondo_without {
    RONDO_WITHOUT_NONE,
    RONDO_WITHOUT_INPUT,
    RONDO_WITHOUT_FORGET,
    RONDO_WITHOUT_OUTPUT
} rondo_without;
typedef enum rondo_merge { RONDO_MERGE_CONCAT, RONDO_MERGE_SUM, RONDO_MERGE_AVERAGE } rondo_merge;

typedef struct rondo_recurrent_config {
    rondo_cell cell;
    int64_t input_size;
    int64_t hidden_size;                    /* of every layer, unless hidden_sizes says otherwise */
    int64_t hidden_sizes[RONDO_MAX_LAYERS]; /* 0: hidden_size */
    int layers;                             /* 0: 1 */
    bool bidirectional;
    rondo_merge merge;
    bool residual; /* y_l = layer(y_{l-1}) + y_{l-1} from the second layer on, wherever the widths agree */
    bool no_bias;
    rondo_real dropout; /* between layers */
    bool variational;   /* one dropout mask per sequence instead of one per step */
    rondo_real recurrent_dropout, zoneout, zoneout_cell;
    bool learned_initial_state;  /* parameters h0_l0, c0_l0 (, _reverse), used where no state is given */
    bool layer_norm;             /* LSTM, GRU */
    rondo_activation activation; /* Elman, Jordan hidden units: tanh, ReLU, sigmoid */
    /* LSTM */
    int64_t projection_size; /* 0: none */
    bool peepholes, coupled_gates;
    rondo_real cell_clip;
    rondo_real forget_bias;     /* initial value of the forget gate's b_ih; b_hh starts at 0 there. Default when 0: 1;
                                   RONDO_NO_FORGET_BIAS: as all other biases (PyTorch's start). Without biases: unused */
    rondo_without without_gate; /* needs biases */
    /* GRU */
    bool reset_before;
    /* Jordan: width of the last layer's output, which leaves the network as the pre-activation a_t; lower layers'
     * outputs are as wide as their hidden layers */
    int64_t output_size; /* 0: hidden size of the last layer */
    rondo_activation
        output_activation; /* g of the feedback (last layer); lower layers: tanh, which also is their output */
    rondo_real decay;
    int64_t feedback_size; /* Q of a feedback matrix given at forward for the last layer; 0: none */
} rondo_recurrent_config;
#define RONDO_NO_FORGET_BIAS ((rondo_real)-1e30)

typedef struct rondo_recurrent rondo_recurrent;

/* States by layer and direction: index layer * D + direction. Elman, GRU: h. LSTM: h, c. Jordan: h holds s (B, Q). */
typedef struct rondo_states {
    rondo_var *h[2 * RONDO_MAX_LAYERS];
    rondo_var *c[2 * RONDO_MAX_LAYERS];
} rondo_states;

/* Declares the parameters "PREFIXweight_ih_l0", "...weight_hh_l0", "...bias_ih_l0", "...bias_hh_l0", "_reverse" for the
 * second direction, "weight_hr_l0", "peephole_l0", "gain_x_l0", "gain_h_l0", "gain_c_l0", "bias_c_l0", "h0_l0",
 * "c0_l0"; Jordan: weight_ih, weight_sh, bias_ih, weight_ho, bias_o. Keeps a pointer to params. */
RONDO_API rondo_status rondo_recurrent_create(rondo_recurrent **out, rondo_params *params, const char *prefix,
                                              const rondo_recurrent_config *config, rondo_error *err);
RONDO_API void rondo_recurrent_destroy(rondo_recurrent **net);
RONDO_API const rondo_recurrent_config *rondo_recurrent_get_config(const rondo_recurrent *net);
/* Width of the last dimension of forward's result. */
RONDO_API int64_t rondo_recurrent_output_size(const rondo_recurrent *net);
/* Widths of the states of one layer; c is 0 but for the LSTM. */
RONDO_API void rondo_recurrent_state_size(const rondo_recurrent *net, int layer, int64_t *h, int64_t *c);

typedef struct rondo_recurrent_input {
    const int32_t *lengths;      /* NULL: all T */
    const rondo_states *initial; /* NULL: learned or zero; a NULL entry likewise */
    rondo_states *final_states;  /* NULL, or receives the final states */
    rondo_var *feedback;         /* Jordan's last layer: F (O, Q) or NULL */
    rondo_var *teacher;          /* Jordan's last layer: (T, B, Q) or NULL */
} rondo_recurrent_input;
/* x (T, B, I) -> (T, B, output_size). input may be NULL. */
RONDO_API rondo_var *rondo_recurrent_forward(rondo_recurrent *net, rondo_tape *tape, rondo_var *x,
                                             const rondo_recurrent_input *input);

/* ---- streaming: one step at a time, weights packed at open, nothing allocated afterwards ---- */
typedef struct rondo_stream rondo_stream;
/* A stream over `batch` independent sequences of a one-directional network, whose parameters must stay unchanged and
 * alive. The context gives the instruction set; it must outlive the stream. A step runs on the calling thread alone,
 * unless rondo_stream_share says otherwise.
 * feedback: Jordan's F values (O, Q) or NULL. Starts from learned or zero states. */
RONDO_API rondo_status rondo_stream_open(rondo_stream **out, rondo_context *context, rondo_recurrent *net,
                                         int64_t batch, const rondo_real *feedback, rondo_error *err);
RONDO_API void rondo_stream_close(rondo_stream **stream);
/* Steps from here on are shared out by units over all threads of the context, which nobody else may use meanwhile: for
 * large layers (each core holds its part of the weights) whose steps follow each other at once. The others spin between
 * steps, for some 50 µs; then they sleep, and the next step wakes them (one lock, one system call) and goes on alone.
 * The bits are the same. RONDO_UNSUPPORTED, and nothing changes, where the network cannot be shared out (a cell or
 * variant without units) or there are more threads than cores. false: on one thread again. */
RONDO_API rondo_status rondo_stream_share(rondo_stream *stream, bool share);
/* x (B, I) -> y (B, output_size), which are not the same array. No allocation, lock or system call. Same bits as
 * rondo_recurrent_forward. */
RONDO_API void rondo_stream_step(rondo_stream *stream, const rondo_real *x, rondo_real *y);
RONDO_API void rondo_stream_reset(rondo_stream *stream);
/* Pointers to the live states of one layer (B, width): may be read and written between steps. c: NULL but for LSTM. */
RONDO_API void rondo_stream_states(rondo_stream *stream, int layer, rondo_real **h, rondo_real **c);
/* Jordan: replaces what the last step fed back by the known output (B, Q) (teacher forcing in use). */
RONDO_API rondo_status rondo_stream_teach(rondo_stream *stream, const rondo_real *known);

/* ---- adaptive softmax (Grave 2017; nn.AdaptiveLogSoftmaxWithLoss): frequent symbols first. Parameters
 * "PREFIXhead.weight", "PREFIXtail.0.0.weight", "PREFIXtail.0.1.weight", ... as PyTorch names them. ---- */
typedef struct rondo_adaptive rondo_adaptive;
/* cutoffs rising, the last below V; tail cluster i is projected to width / div^(i+1). */
RONDO_API rondo_status rondo_adaptive_create(rondo_adaptive **out, rondo_params *params, const char *prefix,
                                             int64_t width, int64_t V, int cutoffs, const int64_t *cutoff, double div,
                                             rondo_error *err);
RONDO_API void rondo_adaptive_destroy(rondo_adaptive **adaptive);
/* x (rows, width), targets (rows), -1 ignored: mean loss. options as for rondo_cross_entropy (no smoothing). */
RONDO_API rondo_var *rondo_adaptive_loss(rondo_adaptive *adaptive, rondo_tape *tape, rondo_var *x,
                                         const int32_t *targets, const rondo_cross_entropy_options *options);
/* log-probabilities (rows, V). */
RONDO_API rondo_var *rondo_adaptive_log_probabilities(rondo_adaptive *adaptive, rondo_tape *tape, rondo_var *x);

#ifdef __cplusplus
}
#endif
#endif
