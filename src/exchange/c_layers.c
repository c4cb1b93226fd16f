/* Weights and layers as constant data. */
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/params.h"
#include "nn/recurrent.h"

rondo__c_name rondo__c_member_name(const rondo__c_file *file, int block, int layer, int direction) {
    rondo__c_name name;
    snprintf(name.text, sizeof name.text, "%srnn%d_l%d%s", file->part, block, layer, direction ? "_back" : "");
    return name;
}
rondo__c_name rondo__c_layer_name(const rondo__c_file *file, int block, int layer, int direction) {
    rondo__c_name name;
    snprintf(name.text, sizeof name.text, "model_%srnn%d_l%d%s", file->part, block, layer, direction ? "_back" : "");
    return name;
}

/* One layer in one direction, and what its arrays are called. */
typedef struct layer {
    rondo__c_file *file;
    const rondo_recurrent *net;
    const rondo__recurrent_layer *p;
    rondo__c_name name;
    const real *feedback;
    bool taught;
} layer;

typedef struct array_name {
    char text[80];
} array_name;
static array_name name_of(const layer *l, const char *what) {
    array_name name;
    snprintf(name.text, sizeof name.text, "%s_%s", l->name.text, what);
    return name;
}

static const real *values(const layer *l, int index) { return rondo__param_values(l->net->params, index); }

static void put_vector(const layer *l, const char *what, int64_t n, int index) {
    rondo__c_put_floats(l->file, name_of(l, what).text, n, values(l, index));
}
/* The sum of two biases, either of which may be absent. */
static void put_bias(const layer *l, const char *what, int64_t n, int a, int b) {
    if (a < 0 || b < 0) {
        put_vector(l, what, n, a < 0 ? b : a);
        return;
    }
    real *sum = rondo__alloc((size_t)n * sizeof *sum);
    for (int64_t i = 0; sum && i < n; i++)
        sum[i] = values(l, a)[i] + values(l, b)[i];
    if (sum)
        rondo__c_put_floats(l->file, name_of(l, what).text, n, sum);
    else
        rondo__c_no_memory(l->file);
    rondo__free(sum);
}
static void put_matrix(const layer *l, const char *what, int64_t N, int64_t K, int index) {
    rondo__c_put_matrix(l->file, name_of(l, what).text, N, K, K, values(l, index));
}
static void use_matrix(const layer *l, const char *what, bool present) {
    rondo__c_put_use(l->file, name_of(l, what).text, present);
}
static void use_vector(const layer *l, const char *what, bool present) {
    if (present)
        rondo__c_put(l->file, "%s, ", name_of(l, what).text);
    else
        rondo__c_put(l->file, "0, ");
}

/* The learned initial state, or nothing. */
static void put_start(const layer *l) {
    put_vector(l, "h0", l->p->state, l->p->h0);
    put_vector(l, "c0", l->p->cell, l->p->c0);
}

/* ---- one function for each cell: its arrays, then the layer ---- */

static void begin(const layer *l, const char *type) {
    rondo__c_put(l->file, "static const model_%s %s = {", type, l->name.text);
}

static void put_elman(const layer *l) {
    const rondo__recurrent_layer *p = l->p;
    const rondo_recurrent_config *c = &l->net->config;
    put_matrix(l, "ih", p->H, p->I, p->w_ih);
    put_matrix(l, "hh", p->H, p->H, p->w_hh);
    put_bias(l, "bias", p->H, p->b_ih, p->b_hh);
    begin(l, "elman");
    use_matrix(l, "ih", true);
    use_matrix(l, "hh", true);
    use_vector(l, "bias", p->b_ih >= 0);
    rondo__c_put(l->file, "%d, %d, %d, (float)%.9g};\n", (int)p->I, (int)p->H, (int)c->activation, (double)c->zoneout);
}

static void put_jordan(const layer *l) {
    const rondo__recurrent_layer *p = l->p;
    const rondo_recurrent_config *c = &l->net->config;
    const bool last = p == &l->net->layer[(c->layers - 1) * l->net->directions] ||
                      p == &l->net->layer[c->layers * l->net->directions - 1];
    const int64_t O = p->R, Q = p->state;
    const real *feedback = last ? l->feedback : NULL;
    real *turned = NULL;
    put_matrix(l, "ih", p->H, p->I, p->w_ih);
    put_matrix(l, "sh", p->H, Q, p->w_sh);
    put_matrix(l, "ho", O, p->H, p->w_ho);
    if (feedback && (turned = rondo__alloc((size_t)(O * Q) * sizeof *turned))) { /* its rows are F's columns */
        for (int64_t i = 0; i < O * Q; i++)
            turned[i % Q * O + i / Q] = feedback[i];
        rondo__c_put_matrix(l->file, name_of(l, "feedback").text, Q, O, O, turned);
    } else if (feedback && !l->file->status) {
        rondo__c_no_memory(l->file);
    }
    rondo__free(turned);
    put_bias(l, "bias", p->H, p->b_ih, -1);
    put_bias(l, "bias_o", O, p->b_o, -1);
    begin(l, "jordan");
    use_matrix(l, "ih", true);
    use_matrix(l, "sh", true);
    use_matrix(l, "ho", true);
    use_matrix(l, "feedback", feedback != NULL);
    use_vector(l, "bias", p->b_ih >= 0);
    use_vector(l, "bias_o", p->b_o >= 0);
    rondo__c_put(l->file, "%d, %d, %d, %d, %d, %d, %d, %d, ", (int)p->I, (int)p->H, (int)O, (int)Q, (int)c->activation,
                 (int)(last ? c->output_activation : RONDO_TANH), last && l->taught, feedback != NULL);
    rondo__c_put(l->file, "(float)%.9g};\n", (double)c->decay);
}

static void put_lstm(const layer *l) {
    const rondo__recurrent_layer *p = l->p;
    const rondo_recurrent_config *c = &l->net->config;
    put_matrix(l, "ih", 4 * p->H, p->I, p->w_ih);
    put_matrix(l, "hh", 4 * p->H, p->R, p->w_hh);
    put_matrix(l, "hr", p->R, p->H, p->w_hr);
    put_bias(l, "bias", 4 * p->H, p->b_ih, p->b_hh);
    put_vector(l, "peephole", 3 * p->H, p->peephole);
    put_vector(l, "gain_x", 4 * p->H, p->gain_x);
    put_vector(l, "gain_h", 4 * p->H, p->gain_h);
    put_vector(l, "gain_c", p->H, p->gain_c);
    put_vector(l, "bias_c", p->H, p->bias_c);
    begin(l, "lstm");
    use_matrix(l, "ih", true);
    use_matrix(l, "hh", true);
    use_matrix(l, "hr", p->w_hr >= 0);
    use_vector(l, "bias", p->b_ih >= 0);
    use_vector(l, "peephole", p->peephole >= 0);
    use_vector(l, "gain_x", p->gain_x >= 0);
    use_vector(l, "gain_h", p->gain_h >= 0);
    use_vector(l, "gain_c", p->gain_c >= 0);
    use_vector(l, "bias_c", p->bias_c >= 0);
    rondo__c_put(l->file, "%d, %d, %d, %d, %d, (float)%.9g, (float)%.9g, (float)%.9g};\n", (int)p->I, (int)p->H,
                 (int)p->R, p->w_hr >= 0, c->coupled_gates, (double)c->cell_clip, (double)c->zoneout,
                 (double)c->zoneout_cell);
}

static void put_gru(const layer *l) {
    const rondo__recurrent_layer *p = l->p;
    const rondo_recurrent_config *c = &l->net->config;
    const int64_t H = p->H;
    const bool before = c->reset_before;
    put_matrix(l, "ih", 3 * H, p->I, p->w_ih);
    put_matrix(l, "hh", before ? 2 * H : 3 * H, H, p->w_hh);
    if (before)
        rondo__c_put_matrix(l->file, name_of(l, "hn").text, H, H, H, values(l, p->w_hh) + 2 * H * H);
    put_bias(l, "bias_x", 3 * H, p->b_ih, before ? p->b_hh : -1);
    put_bias(l, "bias_h", 3 * H, before ? -1 : p->b_hh, -1);
    put_vector(l, "gain_x", 3 * H, p->gain_x);
    put_vector(l, "gain_h", 3 * H, p->gain_h);
    begin(l, "gru");
    use_matrix(l, "ih", true);
    use_matrix(l, "hh", true);
    use_matrix(l, "hn", before);
    use_vector(l, "bias_x", p->b_ih >= 0);
    use_vector(l, "bias_h", p->b_hh >= 0 && !before);
    use_vector(l, "gain_x", p->gain_x >= 0);
    use_vector(l, "gain_h", p->gain_h >= 0);
    rondo__c_put(l->file, "%d, %d, %d, (float)%.9g};\n", (int)p->I, (int)H, before, (double)c->zoneout);
}

static void put_recurrent(rondo__c_file *file, int block, const rondo__network_block *b) {
    static void (*const put[])(const layer *) = {
        [RONDO_ELMAN] = put_elman, [RONDO_JORDAN] = put_jordan, [RONDO_LSTM] = put_lstm, [RONDO_GRU] = put_gru};
    for (int i = 0; i < b->net->config.layers * b->net->directions; i++) {
        const layer l = {file,
                         b->net,
                         &b->net->layer[i],
                         rondo__c_layer_name(file, block, i / b->net->directions, i % b->net->directions),
                         rondo__network_feedback(b),
                         b->taught};
        put[b->net->config.cell](&l);
        put_start(&l);
    }
}

/* ---- the other blocks ---- */

/* Rows of numbers, or of whole numbers with their steps. */
static void put_table(rondo__c_file *file, int block, const rondo__network_block *b) {
    char name[32];
    snprintf(name, sizeof name, "model_embedding%d", block);
    const int64_t V = b->in, E = b->out;
    if (file->encdec && b->weight == file->encdec->output.weight)
        return; /* the output layer's matrix is the table */
    if (file->precision != RONDO_C_FLOAT32) {
        rondo__c_put_matrix(file, name, V, E, E, b->weight);
        return;
    }
    rondo__c_put_floats(file, name, V * E, b->weight);
}

void rondo__c_put_affine(rondo__c_file *file, const char *name, const rondo__affine *a) {
    char bias[64];
    if (!a->weight)
        return;
    snprintf(bias, sizeof bias, "%s_bias", name);
    rondo__c_put_matrix(file, name, a->out, a->in, a->in, a->weight);
    rondo__c_put_floats(file, bias, a->out, a->bias);
    rondo__c_put(file, "static const model_matrix %s = ", name);
    if (file->precision == RONDO_C_FLOAT32)
        rondo__c_put(file, "{%s_w};\n", name);
    else
        rondo__c_put(file, "{%s_w, %s_step, %s_limit};\n", name, name, name);
}

static void put_linear(rondo__c_file *file, int block, const rondo__network_block *b) {
    char name[32];
    snprintf(name, sizeof name, "model_linear%d", block);
    rondo__c_put_affine(file, name, &(rondo__affine){b->out, b->in, b->weight, b->bias});
}

static void put_letters(rondo__c_file *file, const rondo__network_block *b) {
    if (file->precision == RONDO_C_FLOAT32)
        rondo__c_put_floats(file, "model_letters", b->symbols * b->width, b->weight);
    else
        rondo__c_put_matrix(file, "model_letters", b->symbols, b->width, b->width, b->weight);
}

static void put_fixed(rondo__c_file *file) {
    const rondo__horizon *h = &file->network->horizon;
    for (int i = 0; i < h->fixed; i++) {
        char name[32];
        snprintf(name, sizeof name, "model_fixed%d", i);
        rondo__c_put_floats(file, name, h->categories[i] * h->fixed_width, h->fixed_table[i]);
    }
}

static void put_inner(rondo__c_file *file, const rondo__network_block *b) {
    rondo__c_inner inner;
    if (!rondo__c_inner_of(b, &inner))
        return;
    const rondo__c_outer outer = rondo__c_enter(file, &inner);
    rondo__c_put_layers(file);
    rondo__c_leave(file, outer);
}

/* Blocks that no plain network has. */
static void put_special(rondo__c_file *file, const rondo__network_block *b) {
    const rondo__horizon *h = &file->network->horizon;
    put_inner(file, b);
    if (b->kind == RONDO__ADAPTIVE)
        rondo__c_put_adaptive_layers(file, b->adaptive);
    if (b->kind == RONDO__SPELLING)
        put_letters(file, b);
    if (b->kind == RONDO__FIXED)
        put_fixed(file);
    if (b->kind == RONDO__DECODE)
        rondo__c_put_affine(
            file, "model_head",
            &(rondo__affine){h->patch * h->n * h->P, rondo_recurrent_output_size(b->net), b->weight, b->bias});
    if (b->kind == RONDO__OWN_PAST) {
        rondo__c_put_floats(file, "model_own_weight", h->H * h->W, b->weight);
        rondo__c_put_floats(file, "model_own_bias", h->H, b->bias);
    }
}

void rondo__c_put_layers(rondo__c_file *file) {
    rondo__c_put(file, "\n/* ---- weights ---- */\n");
    for (int i = 0; i < file->network->count && !file->status; i++) {
        const rondo__network_block *b = &file->network->block[i];
        char name[32];
        switch (b->kind) {
        case RONDO__EMBEDDING:
            put_table(file, i, b);
            break;
        case RONDO__SCALE:
            snprintf(name, sizeof name, "model_factor%d", i);
            rondo__c_put_floats(file, name, b->in, b->weight);
            snprintf(name, sizeof name, "model_offset%d", i);
            rondo__c_put_floats(file, name, b->in, b->bias);
            break;
        case RONDO__RECURRENT:
            put_recurrent(file, i, b);
            break;
        case RONDO__POOL:
            snprintf(name, sizeof name, "model_attention%d", i);
            rondo__c_put_floats(file, name, b->in, b->pooling == RONDO_POOL_ATTENTION ? b->weight : NULL);
            break;
        case RONDO__LINEAR:
            put_linear(file, i, b);
            break;
        default:
            put_special(file, b);
            break;
        }
    }
}
