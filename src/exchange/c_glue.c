/* State, init, step and run: the blocks in order, written out.
 *
 * A row is what one step hands from block to block. Where the model goes step by step, rows stand in the state; else
 * (two directions, attention over steps) a whole sequence of them stands in room of the caller, twice. */
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/recurrent.h"

/* Where a row is read and written, as C expressions. */
typedef struct place {
    const char *in, *out;
    const char *symbol; /* embedding */
} place;

static int layers_of(const rondo__network_block *b) { return b->net->config.layers * b->net->directions; }

static int pool_of(const rondo__network *network) {
    for (int i = 0; i < network->count; i++)
        if (network->block[i].kind == RONDO__POOL)
            return i;
    return -1;
}

/* ---- state ---- */

static void inside(rondo__c_file *file, const rondo__network_block *b, void (*put)(rondo__c_file *)) {
    rondo__c_inner inner;
    if (!rondo__c_inner_of(b, &inner))
        return;
    const rondo__c_outer outer = rondo__c_enter(file, &inner);
    put(file);
    rondo__c_leave(file, outer);
}

void rondo__c_put_members(rondo__c_file *file) {
    const rondo__network *n = file->network;
    for (int i = 0; i < n->count; i++) {
        const rondo__network_block *b = &n->block[i];
        for (int l = 0; b->kind == RONDO__RECURRENT && l < layers_of(b); l++) {
            const rondo__recurrent_layer *p = &b->net->layer[l];
            const rondo__c_name name = rondo__c_member_name(file, i, l / b->net->directions, l % b->net->directions);
            rondo__c_put(file, "    float %s_h[%lld];\n", name.text, (long long)p->state);
            if (p->cell > 0)
                rondo__c_put(file, "    float %s_c[%lld];\n", name.text, (long long)p->cell);
        }
        if (b->taught)
            rondo__c_put(file, "    int heard; /* a symbol */\n");
        inside(file, b, rondo__c_put_members);
    }
}

void rondo__c_put_state(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const int pool = pool_of(n);
    rondo__c_put(file, "typedef struct model_state {\n");
    rondo__c_put_forecast_doubles(file);
    rondo__c_put_members(file);
    if (pool >= 0)
        rondo__c_put(file, "    float pooled[%lld];\n", (long long)n->block[pool].in);
    rondo__c_put_forecast_members(file);
    rondo__c_put(file, "    float row[2][%lld]; /* one step's rows, */\n", (long long)rondo__c_widest(n));
    rondo__c_put(file, "    float room[%lld];   /* and a layer's scratch */\n} model_state;\n",
                 (long long)rondo__c_room(n));
}

void rondo__c_put_starts(rondo__c_file *file) {
    const rondo__network *n = file->network;
    for (int i = 0; i < n->count; i++) {
        const rondo__network_block *b = &n->block[i];
        for (int l = 0; b->kind == RONDO__RECURRENT && l < layers_of(b); l++) {
            const rondo__recurrent_layer *p = &b->net->layer[l];
            const int layer = l / b->net->directions, direction = l % b->net->directions;
            const rondo__c_name name = rondo__c_member_name(file, i, layer, direction),
                                full = rondo__c_layer_name(file, i, layer, direction);
            rondo__c_put(file, "    model_copy(m->%s_h, %s%s, %lld);\n", name.text, p->h0 >= 0 ? full.text : "0",
                         p->h0 >= 0 ? "_h0" : "", (long long)p->state);
            if (p->cell > 0)
                rondo__c_put(file, "    model_copy(m->%s_c, %s%s, %lld);\n", name.text, p->c0 >= 0 ? full.text : "0",
                             p->c0 >= 0 ? "_c0" : "", (long long)p->cell);
        }
        if (b->taught)
            rondo__c_put(file, "    m->heard = 0;\n");
        if (b->kind != RONDO__SPELLING) /* which begins anew with each word */
            inside(file, b, rondo__c_put_starts);
    }
}

static void put_init(rondo__c_file *file) {
    rondo__c_put(file, "\nvoid model_init(model_state *m) {\n");
    rondo__c_put_starts(file);
    rondo__c_put(file, "}\n");
}

/* ---- one row through one block ---- */

static void put_embedding(rondo__c_file *file, int i, const place *at) {
    const rondo__network_block *b = &file->network->block[i];
    if (file->encdec && b->weight == file->encdec->output.weight) {
        rondo__c_put(file, "model_row(%s, &model_output, %lld, %lld, %s);\n", at->out, (long long)b->in,
                     (long long)b->out, at->symbol);
        return;
    }
    if (file->precision == RONDO_C_FLOAT32) {
        rondo__c_put(file, "model_copy(%s, model_embedding%d + (size_t)%s * %lld, %lld);\n", at->out, i, at->symbol,
                     (long long)b->out, (long long)b->out);
        return;
    }
    rondo__c_put(file, "model_lookup(%s, model_embedding%d_w + (size_t)%s * %lld, model_embedding%d_step[%s], %lld);\n",
                 at->out, i, at->symbol, (long long)b->out, i, at->symbol, (long long)b->out);
}

void rondo__c_put_embedding(rondo__c_file *file, int i, const char *out, const char *symbol, const char *indent) {
    rondo__c_put(file, "%s", indent);
    put_embedding(file, i, &(place){.out = out, .symbol = symbol});
}

static void put_linear(rondo__c_file *file, int i, const place *at, const char *indent) {
    const rondo__network_block *b = &file->network->block[i];
    rondo__c_put(file, "model_copy(%s, ", at->out);
    rondo__c_put(file, b->bias ? "model_linear%d_bias" : "0", i);
    rondo__c_put(file, ", %lld);\n%smodel_product(%s, %s, &model_linear%d, %lld, %lld);\n", (long long)b->out, indent,
                 at->out, at->in, i, (long long)b->out, (long long)b->in);
}

static void put_scale(rondo__c_file *file, int i, const place *at, const char *indent) {
    const rondo__network_block *b = &file->network->block[i];
    rondo__c_put(file, "for (i = 0; i < %lld; i++)\n%s    (%s)[i] = (%s)[i]", (long long)b->in, indent, at->out,
                 at->in);
    if (b->weight)
        rondo__c_put(file, " * model_factor%d[i]", i);
    if (b->bias)
        rondo__c_put(file, " + model_offset%d[i]", i);
    rondo__c_put(file, ";\n");
}

/* The categories' vectors beside a row. */
static void put_fixed(rondo__c_file *file, int i, const place *at, const char *indent) {
    const rondo__horizon *h = &file->network->horizon;
    const long long in = file->network->block[i].in, width = h->fixed_width;
    rondo__c_put(file, "model_copy(%s, %s, %lld);\n", at->out, at->in, in);
    for (int c = 0; c < h->fixed; c++)
        rondo__c_put(
            file,
            "%smodel_copy(%s + %lld, m->fixed[%d] < 0 ? 0 : model_fixed%d + (size_t)m->fixed[%d] * %lld, %lld);\n",
            indent, at->out, in + c * width, c, c, c, width, width);
}

/* Jordan: what the step before said is known by now. */
static void put_teaching(rondo__c_file *file, const rondo__network_block *b, const char *h, int64_t Q, const place *at,
                         const char *indent) {
    rondo__c_put(file, "%sif (m->heard) {\n", indent);
    if (b->feedback) {
        rondo__c_put(file, "%s    ", indent);
        put_embedding(file, 0, &(place){.out = "m->room", .symbol = at->symbol});
    }
    rondo__c_put(file, "%s    for (i = 0; i < %lld; i++)\n%s        m->%s_h[i] = (float)%.9g * m->%s_h[i]%s;\n", indent,
                 (long long)Q, indent, h, (double)b->net->config.decay, h, b->feedback ? " + m->room[i]" : "");
    if (!b->feedback)
        rondo__c_put(file, "%s    m->%s_h[%s] += 1.0f;\n", indent, h, at->symbol);
    rondo__c_put(file, "%s}\n%sm->heard = 1;\n", indent, indent);
}

/* One layer in one direction. Its result goes to at->out, added there where `add` is set. */
static void put_layer(rondo__c_file *file, int i, int layer, int direction, const place *at, bool add,
                      const char *indent) {
    const rondo__network_block *b = &file->network->block[i];
    const rondo__recurrent_layer *p = &b->net->layer[layer * b->net->directions + direction];
    const rondo__c_name name = rondo__c_member_name(file, i, layer, direction),
                        full = rondo__c_layer_name(file, i, layer, direction);
    const bool jordan = b->net->config.cell == RONDO_JORDAN;
    char from[80];
    if (b->taught && layer == b->net->config.layers - 1)
        put_teaching(file, b, name.text, p->state, at, indent);
    snprintf(from, sizeof from, jordan ? "m->room" : "m->%s_h", name.text);
    rondo__c_put(file, "%smodel_%s_step(&%s, %s, m->%s_h, ", indent, rondo__cell_names[b->net->config.cell], full.text,
                 at->in, name.text);
    if (p->cell > 0)
        rondo__c_put(file, "m->%s_c, ", name.text);
    if (jordan) /* its output stands before its scratch */
        rondo__c_put(file, "m->room, m->room + %lld);\n", (long long)p->R);
    else
        rondo__c_put(file, "m->room);\n");
    if (jordan && layer < b->net->config.layers - 1)
        rondo__c_put(file, "%smodel_activate(m->room, %lld, MODEL_TANH);\n", indent, (long long)p->R);
    if (add)
        rondo__c_put(file, "%sfor (i = 0; i < %lld; i++)\n%s    (%s)[i] += %s[i];\n", indent, (long long)p->R, indent,
                     at->out, from);
    else
        rondo__c_put(file, "%smodel_copy(%s, %s, %lld);\n", indent, at->out, from, (long long)p->R);
}

void rondo__c_put_direction(rondo__c_file *file, int direction, const char *in, const char *out, const char *indent) {
    put_layer(file, 0, 0, direction, &(place){in, out, "symbol"}, false, indent);
}

static void put_residual(rondo__c_file *file, int64_t width, const place *at, const char *indent) {
    rondo__c_put(file, "%sfor (i = 0; i < %lld; i++)\n%s    (%s)[i] += (%s)[i];\n", indent, (long long)width, indent,
                 at->out, at->in);
}

/* ---- step by step ---- */

/* Behind the last block that makes rows. */
static int rows_end(const rondo__network *n) {
    return n->count > 0 && n->block[n->count - 1].kind == RONDO__BEST_PATH ? n->count - 1 : n->count;
}

void rondo__c_put_row(rondo__c_file *file, int from, int to, const char *in, const char *out, const char *indent) {
    static const char *const rows[] = {"m->row[0]", "m->row[1]"};
    int next = 0;
    for (int i = from; i < to; i++) {
        const rondo__network_block *b = &file->network->block[i];
        const int layers = b->kind == RONDO__RECURRENT ? b->net->config.layers : 1;
        for (int l = 0; l < layers; l++) {
            const bool last = i == to - 1 && l == layers - 1;
            const place at = {in, last ? out : rows[next], "symbol"};
            if (b->kind != RONDO__RECURRENT && b->kind != RONDO__ADAPTIVE)
                rondo__c_put(file, "%s", indent);
            if (b->kind == RONDO__ADAPTIVE)
                rondo__c_put_adaptive(file, b->adaptive, at.in, at.out, indent);
            if (b->kind == RONDO__EMBEDDING)
                put_embedding(file, i, &at);
            else if (b->kind == RONDO__SCALE)
                put_scale(file, i, &at, indent);
            else if (b->kind == RONDO__LINEAR)
                put_linear(file, i, &at, indent);
            else if (b->kind == RONDO__FIXED)
                put_fixed(file, i, &at, indent);
            else if (b->kind == RONDO__ACTIVATION)
                rondo__c_put(file, "model_copy(%s, %s, %lld);\n%smodel_activate(%s, %lld, %d);\n", at.out, at.in,
                             (long long)b->in, indent, at.out, (long long)b->in, (int)b->activation);
            if (b->kind == RONDO__RECURRENT) {
                put_layer(file, i, l, 0, &at, false, indent);
                if (rondo__recurrent_is_residual(b->net, l))
                    put_residual(file, b->net->layer[l].R, &at, indent);
            }
            in = at.out;
            next = 1 - next;
        }
    }
}

bool rondo__c_uses_index(const rondo__network *n, int from, int to) {
    for (int i = from; i < to; i++) {
        const rondo__network_block *b = &n->block[i];
        if (b->kind == RONDO__SCALE || b->taught || (b->kind == RONDO__POOL && b->pooling != RONDO_POOL_LAST))
            return true;
        for (int l = 0; b->kind == RONDO__RECURRENT && l < b->net->config.layers; l++)
            if (rondo__recurrent_is_residual(b->net, l) ||
                (b->net->directions == 2 && b->net->config.merge != RONDO_MERGE_CONCAT))
                return true;
    }
    return false;
}

static const char *input_type(const rondo__network *n) {
    return rondo__network_reads_symbols(n) ? "int symbol" : "const float *x";
}

static void put_step(rondo__c_file *file) {
    const rondo__network *n = file->network;
    rondo__c_put(file, "\nvoid model_step(model_state *m, %s, float *y) {\n%s", input_type(n),
                 rondo__c_uses_index(n, 0, n->count) ? "    int i;\n" : "");
    rondo__c_put_row(file, 0, rows_end(n), "x", "y", "    ");
    rondo__c_put(file, "}\n\nvoid model_run(model_state *m, %s, int T, float *y) {\n    int t;\n    model_init(m);\n",
                 rondo__network_reads_symbols(n) ? "const int *symbols" : "const float *x");
    rondo__c_put(file, "    for (t = 0; t < T; t++)\n        model_step(m, ");
    if (rondo__network_reads_symbols(n))
        rondo__c_put(file, "symbols[t], ");
    else
        rondo__c_put(file, "x + (size_t)t * %lld, ", (long long)n->block[0].in);
    rondo__c_put(file, "y + (size_t)t * %lld);\n}\n", (long long)rondo__network_output(n));
}

/* ---- pooling as the steps go by ---- */

static void put_pooling(rondo__c_file *file, int pool, const char *row) {
    const rondo__network_block *b = &file->network->block[pool];
    const long long n = b->in;
    if (b->pooling == RONDO_POOL_LAST)
        rondo__c_put(file, "        model_copy(m->pooled, %s, %lld);\n", row, n);
    else if (b->pooling == RONDO_POOL_MEAN)
        rondo__c_put(file, "        for (i = 0; i < %lld; i++)\n            m->pooled[i] += %s[i];\n", n, row);
    else
        rondo__c_put(
            file,
            "        for (i = 0; i < %lld; i++)\n            if (t == 0 || %s[i] > m->pooled[i])\n                "
            "m->pooled[i] = %s[i];\n",
            n, row, row);
}

static void put_mean(rondo__c_file *file, int pool) {
    const rondo__network_block *b = &file->network->block[pool];
    if (b->pooling == RONDO_POOL_MEAN)
        rondo__c_put(file, "    for (i = 0; i < %lld; i++)\n        m->pooled[i] /= T > 0 ? (float)T : 1.0f;\n",
                     (long long)b->in);
}

static void put_pooled_run(rondo__c_file *file, int pool) {
    const rondo__network *n = file->network;
    const bool symbols = rondo__network_reads_symbols(n);
    rondo__c_put(file, "\nvoid model_run(model_state *m, %s, int T, float *y) {\n    int t%s;\n    model_init(m);\n",
                 symbols ? "const int *symbols" : "const float *x", rondo__c_uses_index(n, 0, n->count) ? ", i" : "");
    rondo__c_put(file, "    model_copy(m->pooled, 0, %lld);\n    for (t = 0; t < T; t++%s) {\n",
                 (long long)n->block[pool].in, symbols ? "" : ", x += MODEL_INPUT");
    if (symbols)
        rondo__c_put(file, "        const int symbol = symbols[t];\n");
    rondo__c_put_row(file, 0, pool, "x", "m->room", "        ");
    put_pooling(file, pool, "m->room");
    rondo__c_put(file, "    }\n");
    put_mean(file, pool);
    rondo__c_put_row(file, pool + 1, n->count, "m->pooled", "y", "    ");
    rondo__c_put(file, "}\n");
}

/* ---- whole sequences ---- */

/* for (t ...) over rows of `in` (inw wide) and `out` (outw wide). */
static void begin_rows(rondo__c_file *file, bool back) {
    rondo__c_put(file, back ? "    for (t = T - 1; t >= 0; t--) {\n" : "    for (t = 0; t < T; t++) {\n");
}

/* One layer with both directions from a to b. */
static void put_both(rondo__c_file *file, int i, int l, const char *a, const char *b, int64_t in) {
    const rondo_recurrent *net = file->network->block[i].net;
    const rondo__recurrent_layer *p = &net->layer[l * net->directions];
    const bool concat = net->directions == 2 && net->config.merge == RONDO_MERGE_CONCAT;
    const int64_t width = concat ? 2 * p->R : p->R;
    char from[64], to[96];
    snprintf(from, sizeof from, "%s + (size_t)t * %lld", a, (long long)in);
    for (int d = 0; d < net->directions; d++) {
        snprintf(to, sizeof to, "%s + (size_t)t * %lld%s%lld", b, (long long)width, " + ",
                 (long long)(concat && d ? p->R : 0));
        begin_rows(file, d == 1);
        put_layer(file, i, l, d, &(place){from, to, "symbol"}, d == 1 && !concat, "        ");
        rondo__c_put(file, "    }\n");
    }
    const bool half = net->directions == 2 && net->config.merge == RONDO_MERGE_AVERAGE;
    const bool residual = rondo__recurrent_is_residual(net, l);
    if (!half && !residual)
        return;
    rondo__c_put(file, "    for (i = 0; i < T * %lld; i++)\n        %s[i] = ", (long long)width, b);
    rondo__c_put(file, half ? "0.5f * %s[i]" : "%s[i]", b);
    if (residual)
        rondo__c_put(file, " + %s[i]", a);
    rondo__c_put(file, ";\n");
}

/* The weights of the steps by attention, then their sum; both in m->pooled and q's first T numbers. */
static void put_attention(rondo__c_file *file, int pool, const char *rows, const char *scores) {
    const long long n = file->network->block[pool].in;
    rondo__c_put(file,
                 "    for (t = 0; t < T; t++)\n        for (%s[t] = 0, i = 0; i < %lld; i++)\n            %s[t] += "
                 "model_attention%d[i] * %s[(size_t)t * %lld + (size_t)i];\n",
                 scores, n, scores, pool, rows, n);
    rondo__c_put(file, "    if (T > 0)\n        model_softmax(%s, T);\n    model_copy(m->pooled, 0, %lld);\n", scores,
                 n);
    rondo__c_put(file,
                 "    for (t = 0; t < T; t++)\n        for (i = 0; i < %lld; i++)\n            m->pooled[i] += %s[t] * "
                 "%s[(size_t)t * "
                 "%lld + (size_t)i];\n",
                 n, scores, rows, n);
}

static void put_whole_pooling(rondo__c_file *file, int pool, const char *rows, const char *scores, int directions) {
    const rondo__network_block *b = &file->network->block[pool];
    const long long n = b->in, half = directions == 2 ? n / 2 : n;
    if (b->pooling == RONDO_POOL_ATTENTION) {
        put_attention(file, pool, rows, scores);
        return;
    }
    rondo__c_put(file, "    model_copy(m->pooled, 0, %lld);\n", n);
    if (b->pooling == RONDO_POOL_LAST) { /* each direction's last step */
        rondo__c_put(file, "    if (T > 0) {\n        model_copy(m->pooled, %s + (size_t)(T - 1) * %lld, %lld);\n",
                     rows, n, half);
        if (directions == 2)
            rondo__c_put(file, "        model_copy(m->pooled + %lld, %s + %lld, %lld);\n", half, rows, half, n - half);
        rondo__c_put(file, "    }\n");
        return;
    }
    char row[64];
    snprintf(row, sizeof row, "(%s + (size_t)t * %lld)", rows, n);
    begin_rows(file, false);
    put_pooling(file, pool, row);
    rondo__c_put(file, "    }\n");
    put_mean(file, pool);
}

/* A block that treats each row alone, on all of them. */
static void put_rows(rondo__c_file *file, int i, const char *a, const char *b) {
    const rondo__network_block *block = &file->network->block[i];
    char from[64], to[64];
    snprintf(from, sizeof from, "%s + (size_t)t * %lld", a, (long long)block->in);
    snprintf(to, sizeof to, "%s + (size_t)t * %lld", b, (long long)block->out);
    const place at = {from, to, "symbols[t]"};
    begin_rows(file, false);
    rondo__c_put(file, "        ");
    if (block->kind == RONDO__EMBEDDING)
        put_embedding(file, i, &at);
    else if (block->kind == RONDO__SCALE)
        put_scale(file, i, &at, "        ");
    else if (block->kind == RONDO__LINEAR)
        put_linear(file, i, &at, "        ");
    else if (block->kind == RONDO__FIXED)
        put_fixed(file, i, &at, "        ");
    else if (block->kind == RONDO__SPELLING)
        rondo__c_put(
            file,
            "model_copy(%s, %s, %lld);\n        model_spell(m, characters + (size_t)t * (size_t)C, C, %s + %lld);\n",
            to, from, (long long)block->in, to, (long long)block->in);
    else
        rondo__c_put(file, "model_copy(%s, %s, %lld);\n        model_activate(%s, %lld, %d);\n", to, from,
                     (long long)block->in, to, (long long)block->in, (int)block->activation);
    rondo__c_put(file, "    }\n");
}

const char *rondo__c_put_rows(rondo__c_file *file, int from, int to, const char *a, const char *out) {
    static const char *const rooms[] = {"p", "q"};
    const rondo__network *n = file->network;
    int next = 0;
    for (int i = from; i < to; i++) {
        const rondo__network_block *b = &n->block[i];
        const int layers = b->kind == RONDO__RECURRENT ? b->net->config.layers : 1;
        int64_t in = b->in;
        for (int l = 0; l < layers; l++) {
            const char *next_to = out && i == to - 1 && l == layers - 1 ? out : rooms[next];
            if (b->kind == RONDO__RECURRENT) {
                const int D = b->net->directions;
                put_both(file, i, l, a, next_to, in);
                in = b->net->layer[l * D].R * (D == 2 && b->net->config.merge == RONDO_MERGE_CONCAT ? 2 : 1);
            } else {
                put_rows(file, i, a, next_to);
            }
            a = next_to;
            next = 1 - next;
        }
    }
    return a;
}

static void put_whole_run(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const int pool = pool_of(n);
    const bool symbols = rondo__network_reads_symbols(n);
    rondo__c_put(file, "\nvoid model_run(model_state *m, %s%s, int T, float *room, float *y) {\n",
                 symbols ? "const int *symbols" : "const float *x", rondo__c_spelling_arguments(file));
    rondo__c_put(file, "    float *p = room, *q = room + (size_t)T * %lld;\n    int t%s;\n    model_init(m);\n",
                 (long long)rondo__c_widest(n), rondo__c_uses_index(n, 0, n->count) ? ", i" : "");
    const char *rows = rondo__c_put_rows(file, 0, pool < 0 ? rows_end(n) : pool, "x", pool < 0 ? "y" : NULL);
    if (pool >= 0) {
        put_whole_pooling(file, pool, rows, rows[0] == 'p' ? "q" : "p", rondo__network_directions(n, pool));
        rondo__c_put_row(file, pool + 1, n->count, "m->pooled", "y", "    ");
    }
    rondo__c_put(file, "}\n");
}

void rondo__c_put_lookup(rondo__c_file *file) {
    if (file->precision != RONDO_C_FLOAT32)
        rondo__c_put(file, "static void model_lookup(float *to, const model_whole *row, float step, int n) {\n    int "
                           "i;\n    for (i = 0; i "
                           "< n; i++)\n        to[i] = (float)row[i] * step;\n}\n");
}

void rondo__c_put_functions(rondo__c_file *file) {
    rondo__c_put(file, "\n/* ---- the model ---- */\n");
    if (rondo__network_reads_symbols(file->network))
        rondo__c_put_lookup(file);
    rondo__c_put_spelling(file);
    if (rondo__c_forecasts(file)) {
        rondo__c_put_forecast(file);
        return;
    }
    put_init(file);
    if (!rondo__c_streams(file))
        put_whole_run(file);
    else if (rondo__network_is_pooled(file->network))
        put_pooled_run(file, pool_of(file->network));
    else
        put_step(file);
}
