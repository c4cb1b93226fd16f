/* The file, the list of its tensors, and pieces: see import.h. */
#include "exchange/import.h"

#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"

rondo_status rondo__import_bad(const rondo__import *in, int from, rondo_status status, const char *format, ...) {
    char what[sizeof in->err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return rondo__fail(in->err, status, "%s: tensor '%s' %s", in->path, rondo__show(in->theirs[from].name).text, what);
}

rondo_status rondo__import_no_memory(const rondo__import *in) {
    return rondo__fail(in->err, RONDO_MEMORY, "%s: no memory to import it", in->path);
}

/* ---- the list ---- */

enum { MOST_TENSORS = 16384 }; /* they are looked up one by one */

static rondo_status make_list(rondo__import *in, int count) {
    if (count > MOST_TENSORS)
        return rondo__fail(in->err, RONDO_UNSUPPORTED, "%s: holds %d tensors (at most %d can be imported)", in->path,
                           count, MOST_TENSORS);
    in->theirs = rondo__calloc((size_t)count + 1, sizeof *in->theirs);
    in->count = in->theirs ? count : 0;
    return in->theirs ? RONDO_OK : rondo__import_no_memory(in);
}

static void put(rondo__theirs *out, const char *name, const rondo_tensor *tensor) {
    out->name = name;
    out->array = (rondo__array){
        .dtype = tensor->dtype, .rank = tensor->rank, .count = rondo_tensor_count(tensor), .data = tensor->data};
    memcpy(out->array.dims, tensor->dims, sizeof tensor->dims);
}

static rondo_status list_safetensors(rondo__import *in) {
    rondo_status status = rondo__safetensors_read(&in->tensors, in->path, in->err);
    if (status)
        return status;
    if (rondo__safetensors_metadata(in->tensors, "rondo"))
        return rondo__fail(in->err, RONDO_FORMAT, "%s: is a model file of Rondo already (use it as it is)", in->path);
    status = make_list(in, rondo__safetensors_count(in->tensors));
    for (int i = 0; i < in->count; i++) {
        const rondo__named *named = rondo__safetensors_at(in->tensors, i);
        put(&in->theirs[i], named->name, &named->tensor);
    }
    return status;
}

static rondo_status list_npz(rondo__import *in) {
    rondo_status status = rondo__npz_read(&in->npz, in->path, in->err);
    if (!status)
        status = make_list(in, in->npz.count);
    for (int i = 0; i < in->count; i++)
        put(&in->theirs[i], in->npz.name[i], &in->npz.tensor[i]);
    return status;
}

static rondo_status list_onnx(rondo__import *in) {
    if (in->options->prefix)
        return rondo__fail(in->err, RONDO_ARGUMENT, "%s: a prefix chooses tensors of a state dict, not of an ONNX file",
                           in->path);
    rondo_status status = rondo__onnx_read(&in->onnx, in->path, in->err);
    return status ? status : rondo__import_onnx_list(in);
}

/* What cannot be read, with the way round it. */
static rondo_status refuse_file(const rondo__import *in) {
    static const struct {
        const char *ending, *mend;
    } known[] = {
        {".pt", "is a pickle, which can run code when it is read (in PyTorch: "
                "safetensors.torch.save_file(module.state_dict(), FILE))"},
        {".pth", "is a pickle, which can run code when it is read (in PyTorch: "
                 "safetensors.torch.save_file(module.state_dict(), FILE))"},
        {".bin", "may be a pickle, which can run code when it is read (in PyTorch: "
                 "safetensors.torch.save_file(module.state_dict(), FILE))"},
        {".h5",
         "is HDF5, which cannot be read (in Keras: numpy.savez(FILE, **{w.path: w.numpy() for w in model.weights}))"},
        {".keras",
         "is a folder of HDF5, which cannot be read (in Keras: numpy.savez(FILE, **{w.path: w.numpy() for w in "
         "model.weights}))"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (rondo__ends_in(in->path, known[i].ending))
            return rondo__fail(in->err, RONDO_UNSUPPORTED, "%s: %s", in->path, known[i].mend);
    return rondo__fail(in->err, RONDO_ARGUMENT,
                       "%s: is of no kind that can be imported (.safetensors, .npz and .onnx are)", in->path);
}

static bool begins_with(const char *name, const char *prefix) { return strncmp(name, prefix, strlen(prefix)) == 0; }

/* A state dict may hold more than one module: what is not under the prefix is none of ours. */
static rondo_status cut_prefix(rondo__import *in) {
    const char *prefix = in->options->prefix ? in->options->prefix : "";
    int left = 0;
    for (int i = 0; i < in->count; i++) {
        rondo__theirs *t = &in->theirs[i];
        t->key = t->name;
        if (!begins_with(t->name, prefix))
            t->left_out = "not under --prefix";
        else
            t->key += strlen(prefix);
        left += !t->left_out;
        if (!t->left_out && t->array.count == 0)
            t->left_out = "it is empty";
    }
    if (left || !*prefix)
        return RONDO_OK;
    return rondo__fail(in->err, RONDO_ARGUMENT, "%s: no tensor's name begins with '%s' (the first is '%s')", in->path,
                       rondo__show(prefix).text, in->count ? rondo__show(in->theirs[0].name).text : "");
}

rondo_status rondo__import_open(rondo__import *in, const char *path, const rondo_import_options *options,
                                rondo_error *err) {
    *in = (rondo__import){.path = path, .options = options, .unknown = -1, .err = err};
    in->reset_before = options->reset_before;
    in->merge = options->merge;
    in->activation = options->activation;
    rondo_status status = rondo__ends_in(path, ".safetensors") ? list_safetensors(in)
                          : rondo__ends_in(path, ".npz")       ? list_npz(in)
                          : rondo__ends_in(path, ".onnx")      ? list_onnx(in)
                                                               : refuse_file(in);
    if (!status && in->count == 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: holds no tensors", path);
    if (!status && options->mapping)
        status = rondo__mapping_read(&in->mapping, options->mapping, err);
    return status ? status : cut_prefix(in);
}

void rondo__import_close(rondo__import *in) {
    rondo__safetensors_free(&in->tensors);
    rondo__npz_free(&in->npz);
    rondo__onnx_free(&in->onnx);
    rondo__mapping_free(&in->mapping);
    rondo__free(in->theirs);
    rondo__free(in->piece);
    in->theirs = NULL;
    in->piece = NULL;
}

/* ---- pieces ---- */

const rondo__piece *rondo__import_piece(const rondo__import *in, const char *name) {
    for (int i = 0; i < in->pieces; i++)
        if (strcmp(in->piece[i].name, name) == 0)
            return &in->piece[i];
    return NULL;
}

static bool make_room(rondo__import *in) {
    if (in->pieces < in->room)
        return true;
    const int room = in->room ? 2 * in->room : 32;
    rondo__piece *more = rondo__realloc(in->piece, (size_t)in->pieces * sizeof *more, (size_t)room * sizeof *more);
    if (!more)
        return false;
    in->piece = more;
    in->room = room;
    return true;
}

static rondo_status check_piece(const rondo__import *in, int from, const char *name) {
    const rondo__piece *twin = rondo__import_piece(in, name);
    if (from >= 0 && strlen(name) >= RONDO__IMPORT_NAME)
        return rondo__import_bad(in, from, RONDO_FORMAT, "would get a name of %zu bytes (at most %d)", strlen(name),
                                 RONDO__IMPORT_NAME - 1);
    if (from >= 0 && !rondo__is_float(in->theirs[from].array.dtype))
        return rondo__import_bad(in, from, RONDO_FORMAT, "is %s (weights are F32, F64, F16 or BF16)",
                                 rondo_dtype_name(in->theirs[from].array.dtype));
    if (!twin)
        return RONDO_OK;
    if (twin->from < 0 || from < 0)
        return rondo__fail(in->err, RONDO_FORMAT,
                           "%s: '%s' would be made of zeros, and is given, too (map the other weights of its layer)",
                           in->path, rondo__show(name).text);
    return rondo__fail(in->err, RONDO_FORMAT, "%s: tensor '%s' and tensor '%s' would both become '%s'", in->path,
                       rondo__show(in->theirs[twin->from].name).text, rondo__show(in->theirs[from].name).text,
                       rondo__show(name).text);
}

static rondo__piece *append(rondo__import *in, int from, const char *name, rondo_status *status) {
    *status = check_piece(in, from, name);
    if (!*status && !make_room(in))
        *status = rondo__import_no_memory(in);
    if (*status)
        return NULL;
    rondo__piece *p = &in->piece[in->pieces++];
    *p = (rondo__piece){.from = from, .note = ""};
    snprintf(p->name, sizeof p->name, "%s", name);
    return p;
}

rondo__piece *rondo__import_add_part(rondo__import *in, int from, const char *name, int64_t first, int64_t rows,
                                     int64_t columns, rondo_status *status) {
    rondo__piece *p = append(in, from, name, status);
    if (!p)
        return NULL;
    p->first = first;
    p->rank = columns ? 2 : 1;
    p->dims[0] = rows;
    p->dims[1] = columns;
    if (from >= 0)
        in->theirs[from].used += rows * (columns ? columns : 1);
    return p;
}

rondo__piece *rondo__import_add(rondo__import *in, int from, const char *name, rondo_status *status) {
    const rondo__array *a = &in->theirs[from].array;
    if (a->rank > RONDO_MAX_RANK || a->rank < 1 || a->count == 0) {
        *status = rondo__import_bad(in, from, RONDO_FORMAT, "has shape %s, which no weight of a model has",
                                    rondo__dims_show(a->rank, a->dims).text);
        return NULL;
    }
    rondo__piece *p = append(in, from, name, status);
    if (!p)
        return NULL;
    p->rank = a->rank;
    memcpy(p->dims, a->dims, sizeof p->dims);
    in->theirs[from].used = a->count;
    return p;
}

/* ---- the mapping's pieces ---- */

static rondo_status turn(const rondo__import *in, int from, rondo__piece *p) {
    if (p->rank != 2)
        return rondo__import_bad(in, from, RONDO_FORMAT, "has shape %s (transpose is for matrices)",
                                 rondo__dims_show(p->rank, p->dims).text);
    const int64_t rows = p->dims[0];
    p->dims[0] = p->dims[1];
    p->dims[1] = rows;
    p->transposed = true;
    return RONDO_OK;
}

static rondo_status map_one(rondo__import *in, int from) {
    rondo__theirs *t = &in->theirs[from];
    rondo__mapping_rule *rule;
    char ours[RONDO__IMPORT_NAME];
    rondo_status status;
    if (t->left_out)
        return RONDO_OK;
    if (!rondo__mapping_find(&in->mapping, t->key, &rule, ours, sizeof ours))
        return rondo__import_bad(in, from, RONDO_FORMAT, "would get too long a name (%s:%d)", in->options->mapping,
                                 rule->line);
    if (!rule)
        return RONDO_OK;
    rule->used = true;
    t->mapped = true;
    if (!*ours) {
        t->left_out = "the mapping leaves it out";
        return RONDO_OK;
    }
    rondo__piece *p = rondo__import_add(in, from, ours, &status);
    if (!p)
        return status;
    memcpy(p->gates, rule->gates, sizeof p->gates);
    return rule->transpose ? turn(in, from, p) : RONDO_OK;
}

static rondo_status map_all(rondo__import *in) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < in->count && !status; i++)
        status = map_one(in, i);
    for (int i = 0; i < in->mapping.count && !status; i++) {
        const rondo__mapping_rule *rule = &in->mapping.rule[i];
        if (!rule->used)
            status = rondo__fail(in->err, RONDO_FORMAT, "%s:%d: no tensor of %s is left that '%s' names",
                                 in->options->mapping, rule->line, in->path, rondo__show(rule->theirs).text);
    }
    return status;
}

rondo_status rondo__import_find(rondo__import *in, const rondo_params *wanted) {
    in->wanted = wanted;
    in->searched = true;
    rondo_status status = map_all(in);
    if (status)
        return status;
    if (in->onnx) {
        in->source = RONDO__FROM_ONNX;
        return rondo__import_onnx(in);
    }
    if (rondo__import_is_keras(in)) {
        in->source = RONDO__FROM_KERAS;
        return rondo__import_keras(in);
    }
    in->source = RONDO__FROM_PYTORCH;
    return rondo__import_pytorch(in);
}
