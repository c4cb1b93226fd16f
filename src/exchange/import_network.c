/* What network do the pieces make? Cell, layers, directions and sizes follow from names and shapes; what does not (an
 * activation, how the directions are joined) comes from the options. Whether all shapes fit together is not asked here:
 * the parameters of the network that comes out say so (import_fill.c). */
#include <stdio.h>
#include <string.h>

#include "exchange/import.h"
#include "formats/json_text.h"
#include "nn/recurrent.h"

/* Of the piece rnn.WHAT_lLAYER; NULL: there is none. */
static const rondo__piece *piece_of(const rondo__import *in, const char *what, int layer) {
    char name[RONDO__IMPORT_NAME];
    rondo__cell_name_make(name, "rnn.", what, layer, false);
    const rondo__piece *p = rondo__import_piece(in, name);
    return p && p->rank == 2 ? p : NULL;
}

typedef struct seen {
    int layers;
    bool any, reverse, bias, peephole, norm, start, jordan;
} seen;

static rondo_status look(const rondo__import *in, seen *s) {
    for (int i = 0; i < in->pieces; i++) {
        const rondo__piece *p = &in->piece[i];
        rondo__cell_name part;
        if (strncmp(p->name, "rnn.", 4) != 0 || !rondo__cell_name_parse(p->name, &part) || part.prefix != 4)
            continue;
        if (part.layer >= RONDO_MAX_LAYERS)
            return rondo__fail(in->err, RONDO_UNSUPPORTED, "%s: '%s' is of more layers than there may be (at most %d)",
                               in->path, p->name, RONDO_MAX_LAYERS);
        s->any = true;
        s->layers = part.layer >= s->layers ? part.layer + 1 : s->layers;
        s->reverse |= part.reverse;
        s->bias |= strcmp(part.what, "bias_ih") == 0;
        s->peephole |= strcmp(part.what, "peephole") == 0;
        s->norm |= strcmp(part.what, "gain_x") == 0;
        s->start |= strcmp(part.what, "h0") == 0;
        s->jordan |= strcmp(part.what, "weight_sh") == 0;
    }
    if (s->any)
        return RONDO_OK;
    return rondo__fail(in->err, RONDO_FORMAT,
                       "%s: no weights of a recurrent layer are among its %d tensors, such as '%s' (are the names "
                       "others? a mapping file says which is which)",
                       in->path, in->count, in->count ? rondo__show(in->theirs[0].name).text : "");
}

static rondo_status missing(const rondo__import *in, const char *what, int layer) {
    return rondo__fail(in->err, RONDO_FORMAT, "%s: layer %d has no matrix %s (nothing is 'rnn.%s_l%d')", in->path,
                       layer, what, what, layer);
}

static rondo_status size_jordan(rondo__import *in, const seen *s) {
    rondo_recurrent_config *c = &in->config;
    c->cell = RONDO_JORDAN;
    for (int l = 0; l < s->layers; l++) {
        const rondo__piece *w = piece_of(in, "weight_ih", l), *out = piece_of(in, "weight_ho", l);
        if (!w || !out)
            return missing(in, w ? "weight_ho" : "weight_ih", l);
        c->hidden_sizes[l] = w->dims[0];
        if (l == 0)
            c->input_size = w->dims[1];
        in->output = out->dims[0];
    }
    return RONDO_OK;
}

/* Rows of weight_hh by its columns, which are the units (or with a projection what they are projected to). */
static rondo_status size_gated(rondo__import *in, const seen *s) {
    rondo_recurrent_config *c = &in->config;
    int64_t gates = 0;
    for (int l = 0; l < s->layers; l++) {
        const rondo__piece *w = piece_of(in, "weight_ih", l), *u = piece_of(in, "weight_hh", l),
                           *r = piece_of(in, "weight_hr", l);
        if (!w || !u)
            return missing(in, w ? "weight_hh" : "weight_ih", l);
        const int64_t H = r ? r->dims[1] : u->dims[1], G = H > 0 ? u->dims[0] / H : 0;
        if (H < 1 || u->dims[0] % H != 0 || (G != 1 && G != 3 && G != 4) || (gates && G != gates))
            return rondo__fail(in->err, RONDO_FORMAT,
                               "%s: layer %d: weight_hh has shape (%lld, %lld), which are the gates of no cell%s "
                               "(rows: 1, 3 or 4 times the units)",
                               in->path, l, (long long)u->dims[0], (long long)u->dims[1],
                               gates && G != gates ? ", or of another one than those of layer 0" : "");
        gates = G;
        c->hidden_sizes[l] = H;
        c->projection_size = r ? r->dims[0] : 0;
        if (l == 0)
            c->input_size = w->dims[1];
    }
    c->cell = gates == 1 ? RONDO_ELMAN : gates == 3 ? RONDO_GRU : RONDO_LSTM;
    return RONDO_OK;
}

static rondo_status check_cell(const rondo__import *in) {
    const rondo_import_options *o = in->options;
    if (o->cell_given && o->cell != in->config.cell)
        return rondo__fail(in->err, RONDO_FORMAT,
                           "%s: by its shapes this is %s, not %s (leave --cell out, or correct it)", in->path,
                           rondo__cell_names[in->config.cell],
                           (unsigned)o->cell <= RONDO_GRU ? rondo__cell_names[o->cell] : "any cell");
    return RONDO_OK;
}

rondo_status rondo__import_network(rondo__import *in) {
    const rondo_import_options *o = in->options;
    seen s = {0};
    rondo_status status = look(in, &s);
    in->config = (rondo_recurrent_config){0};
    if (!status)
        status = s.jordan ? size_jordan(in, &s) : size_gated(in, &s);
    if (!status)
        status = check_cell(in);
    if (status)
        return status;
    rondo_recurrent_config *c = &in->config;
    const rondo__piece *table = rondo__import_piece(in, "embedding.weight"),
                       *out = rondo__import_piece(in, "output.weight");
    c->layers = s.layers;
    c->bidirectional = s.reverse;
    c->no_bias = !s.bias;
    c->peepholes = s.peephole;
    c->layer_norm = s.norm;
    c->learned_initial_state = s.start;
    c->merge = in->merge;
    c->activation = in->activation;
    c->reset_before = in->reset_before;
    c->coupled_gates = o->coupled_gates || in->coupled;
    c->residual = o->residual;
    c->cell_clip = (real)o->cell_clip;
    c->decay = (real)o->decay;
    c->output_activation = o->output_activation;
    in->vocabulary = table && table->rank == 2 ? table->dims[0] : 0;
    if (c->cell != RONDO_JORDAN)
        in->output = out && out->rank == 2 ? out->dims[0] : 0;
    return RONDO_OK;
}

/* Gates of the cell whose weights stand under the same prefix, layer and direction; 0: there is none. */
static int64_t gates_beside(rondo_params *params, const char *name, const rondo__cell_name *part) {
    char prefix[RONDO__IMPORT_NAME], other[RONDO__IMPORT_NAME];
    if (part->prefix >= sizeof prefix)
        return 0;
    snprintf(prefix, sizeof prefix, "%.*s", (int)part->prefix, name);
    if (!rondo__cell_name_make(other, prefix, "weight_hh", part->layer, part->reverse))
        return 0;
    const rondo_param *u = rondo_params_at(params, rondo_params_find(params, other));
    rondo__cell_name_make(other, prefix, "weight_hr", part->layer, part->reverse);
    const rondo_param *r = rondo_params_at(params, rondo_params_find(params, other));
    return u ? u->value.dims[0] / (r ? r->value.dims[1] : u->value.dims[1]) : 0;
}

const char *rondo__import_gates(rondo_params *params, const char *name) {
    static const char *const gated[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "gain_x", "gain_h"};
    rondo__cell_name part;
    if (!params || !rondo__cell_name_parse(name, &part))
        return "";
    if (strcmp(part.what, "peephole") == 0)
        return "ifo";
    const int64_t gates = gates_beside(params, name, &part);
    for (size_t i = 0; i < sizeof gated / sizeof *gated; i++)
        if (strcmp(part.what, gated[i]) == 0)
            return gates == 4 ? "ifgo" : gates == 3 ? "rzn" : "";
    return "";
}
