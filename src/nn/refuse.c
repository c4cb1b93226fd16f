/* A layer fails the tape as an operator would: through one whose shape check always refuses. */
#include "nn/rows.h"

#include "core/core.h"
#include "rondo/op.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct refusal {
    rondo_status status;
    const char *message; /* lives as long as the call: shape() is all that runs */
} refusal;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const refusal *options = call->options;
    return rondo__fail(err, options->status, "%s", options->message);
}

static rondo_status never(rondo_call *call, rondo_error *err) {
    (void)call;
    return rondo__fail(err, RONDO_STATE, "refuse: ran");
}

static const rondo_op refuse_op = {
    .name = "refuse",
    .options_size = sizeof(refusal),
    .shape = shape,
    .device = {[RONDO_CPU] = {never, never}},
};

rondo_var *rondo__refuse(rondo_tape *tape, rondo_status status, const char *format, ...) {
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    refusal options = {.status = status, .message = message};
    rondo_var *none = NULL;
    rondo_apply(tape, &refuse_op, &options, 0, NULL, 1, &none);
    return NULL;
}
