/* Pairs of texts from parallel files, and pairs grouped by their sources. */
#include "data/pairs.h"

#include <string.h>

#include "data/symbols.h"

void rondo__pair_texts_free(rondo__pair_texts *texts) {
    rondo__lines_free(&texts->source);
    rondo__lines_free(&texts->target);
}

rondo_status rondo__pair_texts_read(rondo__pair_texts *out, const char *source_path, const char *target_path,
                                    rondo_error *err) {
    *out = (rondo__pair_texts){0};
    rondo_status status = rondo__lines_read(&out->source, source_path, err);
    if (status == RONDO_OK)
        status = rondo__lines_read(&out->target, target_path, err);
    if (status == RONDO_OK && out->source.count != out->target.count)
        status = rondo__fail(err, RONDO_FORMAT,
                             "%s has %lld lines, %s has %lld (line n of both must belong together: give files of equal "
                             "length)",
                             source_path, (long long)out->source.count, target_path, (long long)out->target.count);
    if (status != RONDO_OK)
        rondo__pair_texts_free(out);
    return status;
}

void rondo__answers_free(rondo__answers *answers) {
    rondo__free(answers->start);
    rondo__free(answers->index);
    *answers = (rondo__answers){0};
}

/* group[i]: which source pair i has, numbered in order of arrival. */
static bool number_sources(const rondo__lines *source, rondo__symbols *seen, int32_t *group) {
    for (int64_t i = 0; i < source->count; i++) {
        group[i] = rondo__symbols_add(seen, source->line[i], strlen(source->line[i]), 1);
        if (group[i] < 0)
            return false;
    }
    return true;
}

/* A counting sort: it keeps the order of arrival inside a group. */
static bool sort_by_group(rondo__answers *out, const rondo__symbols *seen, const int32_t *group, int64_t pairs) {
    out->groups = seen->count;
    out->start = rondo__calloc((size_t)seen->count + 1, sizeof *out->start);
    out->index = rondo__calloc((size_t)pairs + 1, sizeof *out->index);
    if (!out->start || !out->index)
        return false;
    int64_t sum = 0;
    for (int64_t g = 0; g < seen->count; g++) {
        out->start[g] = sum;
        sum += seen->item[g].count;
    }
    for (int64_t i = 0; i < pairs; i++)
        out->index[out->start[group[i]]++] = i;
    for (int64_t g = seen->count; g > 0; g--) /* each start has run to its end, where the next one begins */
        out->start[g] = out->start[g - 1];
    out->start[0] = 0;
    return true;
}

rondo_status rondo__answers_group(rondo__answers *out, const rondo__pair_texts *texts, rondo_error *err) {
    const int64_t pairs = texts->source.count;
    rondo__symbols seen = {0};
    int32_t *group = rondo__calloc((size_t)pairs + 1, sizeof *group);
    *out = (rondo__answers){0};
    const bool fine = group && number_sources(&texts->source, &seen, group) && sort_by_group(out, &seen, group, pairs);
    rondo__symbols_free(&seen);
    rondo__free(group);
    if (fine)
        return RONDO_OK;
    rondo__answers_free(out);
    return rondo__fail(err, RONDO_MEMORY, "no memory to group %lld pairs by their sources", (long long)pairs);
}
