/* What every score asks of its arguments. */
#include "score/texts.h"

static rondo_status check_list(const char *where, const char *name, int64_t segments, const char *const *list,
                               rondo_error *err) {
    if (segments > 0 && !list)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %s is NULL", where, name);
    for (int64_t i = 0; i < segments; i++)
        if (!list[i])
            return rondo__fail(err, RONDO_ARGUMENT, "%s: %s[%lld] is NULL (an empty text is \"\")", where, name,
                               (long long)i);
    return RONDO_OK;
}

rondo_status rondo__score_check(const char *where, int64_t segments, const char *const *system,
                                const char *const *reference, rondo_error *err) {
    if (segments < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %lld segments", where, (long long)segments);
    const rondo_status status = check_list(where, "system", segments, system, err);
    return status == RONDO_OK ? check_list(where, "reference", segments, reference, err) : status;
}

rondo_status rondo__score_memory(const char *where, rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the segments", where);
}
