/* Declaring the parameters of a layer; see the header. */
#include "nn/declare.h"

#include <math.h>
#include <stdio.h>

bool rondo__declare_prefix(rondo__declarer *d, const char *name, char full[RONDO__MAX_NAME]) {
    int length = d->status ? 0 : snprintf(full, RONDO__MAX_NAME, "%s%s", d->prefix, name);
    if (!d->status && (length < 0 || length >= RONDO__MAX_NAME))
        d->status = rondo__fail(d->err, RONDO_ARGUMENT, "%s: prefix '%.40s...' is too long (at most 80 characters)",
                                d->where, d->prefix);
    return !d->status;
}

int rondo__declare(rondo__declarer *d, const char *name, int64_t rows, int64_t columns, rondo_init init) {
    char full[RONDO__MAX_NAME];
    int index = -1;
    int64_t dims[2] = {rows ? rows : columns, columns};
    if (rondo__declare_prefix(d, name, full))
        d->status = rondo_params_add(d->params, full, rows ? 2 : 1, dims, init, &index, d->err);
    return d->status ? -1 : index;
}

rondo_init rondo__linear_init(int64_t inputs) {
    return (rondo_init){RONDO_INIT_UNIFORM, (real)(1 / sqrt((double)inputs))};
}
