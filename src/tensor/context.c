/* The context: see rondo/context.h. */
#include "tensor/context.h"

#include <stdlib.h>

enum { MOST_THREADS = 1024 };

static rondo_status choose_kernels(const rondo__kernels **out, const char *isa, rondo_error *err) {
    const char *from = "options";
    if (!isa) {
        isa = getenv("RONDO_ISA");
        from = "RONDO_ISA";
    }
    if (isa && !*isa)
        isa = NULL;
    *out = rondo__kernels_get(isa);
    if (!*out)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "rondo_context_create: instruction set '%.40s' from %s is not available (choose one of: %s)",
                           isa, from, rondo__kernels_available());
    return RONDO_OK;
}

rondo_status rondo_context_create(rondo_context **out, const rondo_context_options *options, rondo_error *err) {
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_context_create: out is NULL");
    *out = NULL;
    const rondo_context_options chosen = options ? *options : (rondo_context_options){0};
    if (chosen.threads < 0 || chosen.threads > MOST_THREADS)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_context_create: threads is %d (0 for all cores, at most %d)",
                           chosen.threads, MOST_THREADS);
    if ((int)chosen.precision < 0 || chosen.precision > RONDO_PRECISION_INT8)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_context_create: there is no precision %d",
                           (int)chosen.precision);
    const rondo__kernels *kernels;
    rondo_status status = choose_kernels(&kernels, chosen.isa, err);
    if (status != RONDO_OK)
        return status;
    rondo_context *context = rondo__calloc(1, sizeof *context);
    if (!context)
        return rondo__fail(err, RONDO_MEMORY, "rondo_context_create: no memory for the context");
    context->exact = kernels;
    context->kernels = rondo__kernels_with(kernels, (rondo__precision)chosen.precision);
    context->threads = chosen.threads > 0 ? chosen.threads : rondo__cpu_cores();
    if (context->threads > MOST_THREADS) /* of a machine that has more cores */
        context->threads = MOST_THREADS;
    status = rondo__pool_create(&context->pool, context->threads, err);
    if (status != RONDO_OK) {
        rondo__free(context);
        return status;
    }
    *out = context;
    return RONDO_OK;
}

void rondo_context_destroy(rondo_context **context) {
    if (!context || !*context)
        return;
    rondo__pool_destroy(&(*context)->pool);
    rondo__free(*context);
    *context = NULL;
}

int rondo_context_threads(const rondo_context *context) { return context->threads; }

const char *rondo_context_isa(const rondo_context *context) { return context->kernels->isa; }

rondo_precision rondo_context_precision(const rondo_context *context) {
    const rondo__precision precision = context->kernels->precision;
    return precision == RONDO__MIXED ? RONDO_PRECISION_F32 : (rondo_precision)precision;
}

const char *rondo_version(void) { return RONDO_VERSION; }

const char *rondo_build_parts(void) {
    static const char parts[] = ""
#ifdef RONDO_HAVE_YAML
                                " yaml"
#endif
                                " json"
#ifdef RONDO_HAVE_ZLIB
                                " zlib"
#endif
#ifdef RONDO_HAVE_SENTENCEPIECE
                                " sentencepiece"
#endif
#ifdef RONDO_HAVE_UTF8PROC
                                " utf8proc"
#endif
#ifdef RONDO_HAVE_PROTOBUF_C
                                " onnx"
#endif
#ifdef RONDO_HAVE_CAIRO
                                " cairo"
#endif
        ;
    return parts[0] ? parts + 1 : parts;
}

const char *rondo_isa_available(void) { return rondo__kernels_available(); }
