/* Pieces into parameters, and the report of where everything went. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exchange/import.h"
#include "formats/json_text.h"
#include "nn/recurrent.h"

/* ---- does everything fit? ---- */

static rondo__dims_text shape_of(const rondo_tensor *t) { return rondo__dims_show(t->rank, t->dims); }

/* With a vocabulary file, symbols of ours that they do not know stand behind theirs. */
static bool fits(const rondo__import *in, rondo__piece *p, const rondo_tensor *ours) {
    if (p->rank != ours->rank || memcmp(p->dims + 1, ours->dims + 1, (size_t)(p->rank - 1) * sizeof *p->dims) != 0)
        return false;
    const int64_t spare = ours->dims[0] - p->dims[0];
    rondo__cell_name part;
    p->spare_rows = spare;
    return spare == 0 || (in->spare && spare > 0 && spare <= 2 && !rondo__cell_name_parse(p->name, &part));
}

static rondo_status check_piece(const rondo__import *in, rondo__piece *p, rondo_params *params) {
    const int at = rondo_params_find(params, p->name);
    if (at < 0 && p->from < 0)
        return rondo__fail(in->err, RONDO_FORMAT, "%s: the model has no '%s'", in->path, p->name);
    if (at < 0)
        return rondo__import_bad(in, p->from, RONDO_FORMAT, "would become '%s', which the model does not have",
                                 rondo__show(p->name).text);
    const rondo_tensor *ours = &rondo_params_at(params, at)->value;
    if (fits(in, p, ours))
        return RONDO_OK;
    if (p->from < 0)
        return rondo__fail(in->err, RONDO_SHAPE, "%s: '%s' does not fit the model", in->path, p->name);
    return rondo__import_bad(in, p->from, RONDO_SHAPE, "would become '%s' with shape %s, the model has %s",
                             rondo__show(p->name).text, rondo__dims_show(p->rank, p->dims).text, shape_of(ours).text);
}

/* An order that is none of this parameter's gates. */
static rondo_status check_gates(const rondo__import *in, const rondo__piece *p, rondo_params *params) {
    const char *ours = rondo__import_gates(params, p->name);
    if (!*p->gates)
        return RONDO_OK;
    if (!*ours && strlen(p->gates) > 0)
        return rondo__import_bad(in, p->from, RONDO_FORMAT, "becomes '%s', which has no gates (leave gate_order out)",
                                 p->name);
    size_t letters = 0;
    for (const char *g = ours; *g; g++)
        letters += strchr(p->gates, *g) != NULL;
    if (letters == strlen(ours) && p->dims[0] % (int64_t)strlen(ours) == 0)
        return RONDO_OK;
    return rondo__import_bad(in, p->from, RONDO_FORMAT, "becomes '%s', whose gates are %s, not %s", p->name, ours,
                             p->gates);
}

static rondo_status check_missing(const rondo__import *in, rondo_params *params) {
    for (int i = 0; i < rondo_params_count(params); i++) {
        const rondo_param *param = rondo_params_at(params, i);
        if (!rondo__import_piece(in, param->name))
            return rondo__fail(in->err, RONDO_FORMAT,
                               "%s: holds nothing for '%s' %s (a mapping file says what becomes what)", in->path,
                               param->name, shape_of(&param->value).text);
    }
    return RONDO_OK;
}

/* A model with tied weights needs a table once, where PyTorch writes it under both names. */
static bool is_tied_copy(const rondo__import *in, const rondo__theirs *t) {
    const rondo__piece *table = rondo__import_piece(in, "embedding.weight");
    if (!table)
        table = rondo__import_piece(in, "target_embedding.weight");
    if (!in->wanted || !table || table->from < 0 || t->used)
        return false;
    const rondo__array *a = &in->theirs[table->from].array, *b = &t->array;
    return a->dtype == b->dtype && a->rank == b->rank && memcmp(a->dims, b->dims, sizeof a->dims) == 0 &&
           memcmp(a->data, b->data, (size_t)a->count * rondo_dtype_bytes(a->dtype)) == 0;
}

static rondo_status check_left(const rondo__import *in) {
    for (int i = 0; i < in->count; i++) {
        rondo__theirs *t = &in->theirs[i];
        if (!t->left_out && is_tied_copy(in, t))
            t->left_out = "the same numbers as the embedding, which the model ties";
        if (!t->left_out && t->used < t->array.count)
            return rondo__import_bad(in, i, RONDO_FORMAT,
                                     "%s is left over%s (a mapping file says what it is, or null to leave it out)",
                                     rondo__dims_show(t->array.rank, t->array.dims).text, t->used ? " in part" : "");
    }
    return RONDO_OK;
}

rondo_status rondo__import_match(rondo__import *in, rondo_params *params) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < in->pieces && !status; i++) {
        status = check_piece(in, &in->piece[i], params);
        if (!status)
            status = check_gates(in, &in->piece[i], params);
    }
    if (!status)
        status = check_missing(in, params);
    return status ? status : check_left(in);
}

/* ---- numbers ---- */

/* The row of theirs that is row r of ours. */
static int64_t their_row(const rondo__piece *p, const char *ours, int64_t r) {
    const int64_t block = p->dims[0] / (int64_t)strlen(ours);
    /* an order that has a letter more is of all gates; this parameter has no block for that one */
    int64_t place = 0;
    for (const char *g = p->gates; *g != ours[r / block]; g++)
        place += strchr(ours, *g) != NULL;
    return place * block + r % block;
}

static bool is_turned(const rondo__piece *p, const char *ours, int64_t r) {
    return p->turned && ours[r / (p->dims[0] / (int64_t)strlen(ours))] == p->turned;
}

/* The unknown symbol comes first here, the others follow in their order. */
static int64_t their_symbol(int64_t unknown, int64_t r) { return r == 0 ? unknown : r <= unknown ? r - 1 : r; }

static rondo_status check_number(const rondo__import *in, const rondo__piece *p, int64_t at, double theirs, real ours) {
    if (in->options->allow_nan || isfinite(ours))
        return RONDO_OK;
    const rondo__array *a = &in->theirs[p->from].array;
    int64_t index[RONDO__ONNX_RANK];
    for (int d = a->rank - 1; d >= 0; at /= a->dims[d], d--)
        index[d] = at % a->dims[d];
    return rondo__import_bad(in, p->from, RONDO_FORMAT, "holds %s at %s (%s)",
                             isnan(theirs)   ? "what is not a number"
                             : isinf(theirs) ? "an infinite number"
                                             : "a number too large for float",
                             rondo__dims_show(a->rank, index).text, "--allow-nan takes it as it is");
}

/* Theirs may be larger than memory serves as doubles at once: by chunks of a row. */
static rondo_status copy_row(const rondo__import *in, const rondo__piece *p, int64_t columns, int64_t row, real *out) {
    const rondo__array *a = &in->theirs[p->from].array;
    double chunk[RONDO__CHUNK];
    for (int64_t c = 0; c < columns; c += RONDO__CHUNK) {
        const int64_t n = columns - c < RONDO__CHUNK ? columns - c : RONDO__CHUNK;
        if (!p->transposed)
            rondo__array_read(a, p->first + row * columns + c, n, chunk);
        for (int64_t j = 0; j < n; j++) {
            const int64_t at = p->first + (p->transposed ? (c + j) * p->dims[0] + row : row * columns + c + j);
            const double x = p->transposed ? rondo__array_at(a, at) : chunk[j];
            out[c + j] = (real)x;
            rondo_status status = check_number(in, p, at, x, out[c + j]);
            if (status)
                return status;
        }
    }
    return RONDO_OK;
}

/* Symbols that they do not know are never drawn: nothing in the embedding, and in the output layer a bias far below
 * all others. */
static void fill_spare(const rondo__piece *p, int64_t columns, real *out) {
    const bool bias = p->rank == 1;
    real least = 0;
    for (int64_t i = 0; bias && i < p->dims[0]; i++)
        least = out[i] < least ? out[i] : least;
    for (int64_t i = 0; i < p->spare_rows * columns; i++)
        out[p->dims[0] * columns + i] = bias ? least - 30 : 0;
}

static rondo_status fill_one(const rondo__import *in, const rondo__piece *p, rondo_params *params) {
    const rondo_tensor *ours = &rondo_params_at(params, rondo_params_find(params, p->name))->value;
    const char *gates = rondo__import_gates(params, p->name);
    const bool moved = *p->gates && strcmp(p->gates, gates) != 0;
    const bool table = in->unknown > 0 && in->unknown < p->dims[0] && strcmp(p->name, "embedding.weight") == 0;
    const int64_t columns = rondo__span(p->dims, 1, p->rank);
    rondo_status status = RONDO_OK;
    real *out = ours->data;
    if (p->from < 0) {
        memset(out, 0, (size_t)rondo_tensor_count(ours) * sizeof *out);
        return RONDO_OK;
    }
    for (int64_t r = 0; r < p->dims[0] && !status; r++)
        status = copy_row(in, p, columns,
                          moved   ? their_row(p, gates, r)
                          : table ? their_symbol(in->unknown, r)
                                  : r,
                          out + r * columns);
    for (int64_t i = 0; p->turned && i < p->dims[0] * columns && !status; i++)
        out[i] = is_turned(p, gates, i / columns) ? -out[i] : out[i];
    fill_spare(p, columns, out);
    return status;
}

rondo_status rondo__import_fill(rondo__import *in, rondo_params *params) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < in->pieces && !status; i++)
        status = fill_one(in, &in->piece[i], params);
    return status;
}

/* ---- the report ---- */

struct rondo_import_report {
    int count;
    rondo_import_line *line;
    rondo__text names; /* all strings of the lines, one after the other */
    rondo__text model;
    const char *source;
};

static void put_theirs(rondo_import_line *line, const rondo__theirs *t) {
    line->theirs = t->name;
    line->dtype = t->array.dtype;
    line->rank = t->array.rank;
    memcpy(line->dims, t->array.dims, sizeof line->dims);
}

static void put_ours(rondo_import_line *line, const char *name, int rank, const int64_t *dims) {
    line->ours = name;
    line->our_rank = rank;
    memcpy(line->our_dims, dims, sizeof line->our_dims);
}

static rondo_import_line *next(rondo_import_report *r, rondo_import_fate fate) {
    rondo_import_line *line = &r->line[r->count++];
    *line = (rondo_import_line){.fate = fate, .their_gates = "", .our_gates = "", .note = ""};
    return line;
}

/* The order in their maker's letters: Keras and ONNX write c for our g, h for our n. */
static const char *their_letters(const rondo__import *in, const rondo__piece *p, const char *ours) {
    static const char *const letters[][2] = {{"ifgo", "ifco"}, {"iofg", "iofc"}, {"foig", "iofc"},
                                             {"foi", "iof"},   {"zrn", "zrh"},   {"rzn", "rzh"}};
    const char *order = *p->gates ? p->gates : ours;
    for (size_t i = 0; in->source != RONDO__FROM_PYTORCH && i < sizeof letters / sizeof *letters; i++)
        if (strcmp(order, letters[i][0]) == 0)
            return letters[i][1];
    return order;
}

static void put_piece(rondo_import_report *r, const rondo__import *in, const rondo__piece *p, rondo_params *params) {
    rondo_import_line *line = next(r, p->from < 0 ? RONDO_IMPORT_MADE : RONDO_IMPORT_TAKEN);
    if (p->from >= 0)
        put_theirs(line, &in->theirs[p->from]);
    put_ours(line, p->name, p->rank, p->dims);
    line->our_dims[0] += p->spare_rows > 0 ? p->spare_rows : 0;
    line->our_gates = rondo__import_gates(params, p->name);
    line->their_gates = their_letters(in, p, line->our_gates);
    line->transposed = p->transposed;
    line->note = p->spare_rows > 0 ? "rows for symbols they do not know are added" : p->note;
}

/* In the order of our parameters; pieces of none of these, which fail, behind them. */
static void put_pieces(rondo_import_report *r, const rondo__import *in, rondo_params *params) {
    for (int i = 0; params && i < rondo_params_count(params); i++) {
        const rondo__piece *p = rondo__import_piece(in, rondo_params_at(params, i)->name);
        if (p)
            put_piece(r, in, p, params);
    }
    for (int i = 0; i < in->pieces; i++)
        if (!params || rondo_params_find(params, in->piece[i].name) < 0)
            put_piece(r, in, &in->piece[i], params);
}

static void put_rest(rondo_import_report *r, const rondo__import *in, rondo_params *params) {
    for (int i = 0; i < in->count; i++) {
        const rondo__theirs *t = &in->theirs[i];
        if (t->left_out || t->used < t->array.count) {
            rondo_import_line *line = next(r, t->left_out ? RONDO_IMPORT_LEFT_OUT : RONDO_IMPORT_LEFT_OVER);
            put_theirs(line, t);
            line->note = t->left_out ? t->left_out : t->used ? "in part" : "";
        }
    }
    for (int i = 0; params && i < rondo_params_count(params); i++) {
        const rondo_param *p = rondo_params_at(params, i);
        if (!rondo__import_piece(in, p->name))
            put_ours(next(r, RONDO_IMPORT_MISSING), p->name, p->value.rank, p->value.dims);
    }
}

/* Strings so far belong to the file: copies of them take their place. False: no memory. */
static bool keep_string(rondo__text *names, const char *base, const char **string) {
    if (!*string)
        return true;
    if (base) {
        *string = base + names->size;
        names->size += strlen(*string) + 1;
        return true;
    }
    rondo__text_add(names, *string, strlen(*string) + 1);
    return !names->failed;
}

static bool keep_strings(rondo_import_report *r, const char *base) {
    bool kept = true;
    if (base)
        r->names.size = 0;
    for (int i = 0; i < r->count && kept; i++) {
        rondo_import_line *line = &r->line[i];
        kept = keep_string(&r->names, base, &line->theirs) && keep_string(&r->names, base, &line->ours) &&
               keep_string(&r->names, base, &line->their_gates) && keep_string(&r->names, base, &line->our_gates) &&
               keep_string(&r->names, base, &line->note);
    }
    return kept;
}

static void describe(const rondo__import *in, rondo__text *out) {
    const rondo_recurrent_config *c = &in->config;
    if (in->task)
        rondo__text_format(out, "a model of task %s", in->task);
    if (in->task || c->layers == 0)
        return;
    rondo__text_format(out, "%s, %d layer%s%s, %lld -> ", rondo__cell_names[c->cell], c->layers,
                       c->layers > 1 ? "s" : "", c->bidirectional ? " in both directions" : "",
                       (long long)c->input_size);
    for (int l = 0; l < c->layers; l++)
        if (l == 0 || c->hidden_sizes[l] != c->hidden_sizes[l - 1])
            rondo__text_format(out, "%s%lld", l ? ", " : "", (long long)c->hidden_sizes[l]);
    rondo__text_format(out, " units%s",
                       c->cell > RONDO_JORDAN || c->activation == RONDO_TANH ? ""
                       : c->activation == RONDO_RELU                         ? " of relu"
                                                                             : " of sigmoid");
    if (c->projection_size)
        rondo__text_format(out, " projected to %lld", (long long)c->projection_size);
    if (c->cell == RONDO_GRU)
        rondo__text_format(out, ", reset %s the product", c->reset_before ? "before" : "after");
    if (in->vocabulary)
        rondo__text_format(out, ", embedding of %lld symbols", (long long)in->vocabulary);
    if (in->output)
        rondo__text_format(out, ", output layer of %lld", (long long)in->output);
}

rondo_import_report *rondo__import_report(const rondo__import *in, rondo_params *params) {
    static const char *const sources[] = {"pytorch", "keras", "onnx"};
    rondo_import_report *r = rondo__calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->source = sources[in->source];
    r->line =
        rondo__calloc((size_t)in->pieces + (size_t)in->count + (size_t)(params ? rondo_params_count(params) : 0) + 1,
                      sizeof *r->line);
    if (r->line) {
        put_pieces(r, in, params);
        put_rest(r, in, params);
        describe(in, &r->model);
    }
    if (!r->line || r->model.failed || !keep_strings(r, NULL))
        rondo_import_report_free(&r);
    else
        keep_strings(r, r->names.data);
    return r;
}

int rondo_import_report_count(const rondo_import_report *report) { return report ? report->count : 0; }

const rondo_import_line *rondo_import_report_at(const rondo_import_report *report, int index) {
    return index >= 0 && index < rondo_import_report_count(report) ? &report->line[index] : NULL;
}

const char *rondo_import_report_source(const rondo_import_report *report) { return report ? report->source : ""; }

const char *rondo_import_report_model(const rondo_import_report *report) {
    return report && report->model.data ? report->model.data : "";
}

void rondo_import_report_free(rondo_import_report **report) {
    if (!report || !*report)
        return;
    rondo__free((*report)->line);
    rondo__text_free(&(*report)->names);
    rondo__text_free(&(*report)->model);
    rondo__free(*report);
    *report = NULL;
}
