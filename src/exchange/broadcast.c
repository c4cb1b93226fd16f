#include "exchange/broadcast.h"

#include <string.h>

static int64_t dim_of(const rondo__array *a, int rank, int d) {
    const int mine = d - (rank - a->rank);
    return mine < 0 ? 1 : a->dims[mine];
}

static rondo_status find_shape(const rondo__graph_call *call, rondo__broadcast *b, rondo_error *err) {
    for (int i = 0; i < b->inputs; i++)
        b->shape_rank = b->in[i]->rank > b->shape_rank ? b->in[i]->rank : b->shape_rank;
    for (int d = 0; d < b->shape_rank; d++) {
        b->shape[d] = 1;
        for (int i = 0; i < b->inputs; i++) {
            const int64_t dim = dim_of(b->in[i], b->shape_rank, d);
            if (dim != 1 && b->shape[d] != 1 && dim != b->shape[d])
                return rondo__bad(call, err, RONDO_SHAPE, "shapes %s and %s do not fit together",
                                  rondo__dims_show(b->in[0]->rank, b->in[0]->dims).text,
                                  rondo__dims_show(b->in[i]->rank, b->in[i]->dims).text);
            b->shape[d] = dim != 1 ? dim : b->shape[d];
        }
    }
    return RONDO_OK;
}

/* Can the dimension of these strides run on from the last one of the walk, whose own are outside of it? */
static bool runs_on(const rondo__broadcast *b, int64_t dim, const int64_t *stride) {
    for (int i = 0; i < b->inputs; i++)
        if (b->stride[i][b->rank - 1] != stride[i] * dim)
            return false;
    return true;
}

static void find_walk(rondo__broadcast *b) {
    for (int d = 0; d < b->shape_rank; d++) {
        int64_t stride[3];
        if (b->shape[d] == 1)
            continue;
        for (int i = 0; i < b->inputs; i++) {
            const rondo__array *a = b->in[i];
            const int mine = d - (b->shape_rank - a->rank);
            stride[i] = mine < 0 || a->dims[mine] == 1 ? 0 : rondo__span(a->dims, mine + 1, a->rank);
        }
        if (b->rank > 0 && runs_on(b, b->shape[d], stride)) {
            b->dims[b->rank - 1] *= b->shape[d];
        } else {
            b->dims[b->rank++] = b->shape[d];
        }
        for (int i = 0; i < b->inputs; i++)
            b->stride[i][b->rank - 1] = stride[i];
    }
    if (b->rank == 0)
        b->dims[b->rank++] = 1; /* strides are 0 */
}

rondo_status rondo__broadcast_make(const rondo__graph_call *call, rondo__broadcast *b, int inputs,
                                   const rondo__array *const *in, rondo_error *err) {
    memset(b, 0, sizeof *b);
    b->inputs = inputs;
    for (int i = 0; i < inputs; i++)
        b->in[i] = in[i];
    rondo_status status = find_shape(call, b, err);
    if (!status)
        find_walk(b);
    return status;
}

/* n numbers from `at` on, one to each step of the innermost dimension. */
static void read(const rondo__array *a, int64_t at, int64_t stride, int64_t n, bool whole, rondo__numbers *out) {
    const int64_t there = stride ? n : 1;
    if (whole)
        rondo__array_read_whole(a, at, there, out->w);
    else
        rondo__array_read(a, at, there, out->d);
    for (int64_t i = there; i < n; i++)
        out->w[i] = out->w[0]; /* the same bits, whichever they are */
}

bool rondo__broadcast_run(const rondo__broadcast *b, const bool *whole, bool out_whole, rondo__array *out,
                          rondo__chunk chunk, const void *arg) {
    rondo__numbers in[3], result;
    int64_t index[RONDO__ONNX_RANK] = {0}, written = 0;
    const int inner = b->rank - 1;
    while (written < out->count) {
        int64_t base[3] = {0};
        for (int i = 0; i < b->inputs; i++)
            for (int d = 0; d < inner; d++)
                base[i] += index[d] * b->stride[i][d];
        for (int64_t at = 0; at < b->dims[inner]; at += RONDO__CHUNK) {
            const int64_t n = b->dims[inner] - at < RONDO__CHUNK ? b->dims[inner] - at : RONDO__CHUNK;
            for (int i = 0; i < b->inputs; i++)
                read(b->in[i], base[i] + at * b->stride[i][inner], b->stride[i][inner], n, whole[i], &in[i]);
            if (!chunk(arg, n, in, &result))
                return false;
            if (out_whole)
                rondo__array_write_whole(out, written, n, result.w);
            else
                rondo__array_write(out, written, n, result.d);
            written += n;
        }
        for (int d = inner - 1; d >= 0 && ++index[d] == b->dims[d]; d--)
            index[d] = 0;
    }
    return true;
}
