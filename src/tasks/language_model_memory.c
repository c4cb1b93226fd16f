#include <stdio.h>
#include <string.h>

#include "tasks/language_model.h"

rondo_status rondo__lm_memory_make(rondo__lm_memory *memory, const rondo_recurrent *net, int64_t B, rondo_error *err) {
    memset(memory, 0, sizeof *memory);
    memory->B = B;
    memory->layers = rondo_recurrent_get_config(net)->layers;
    bool whole = true;
    for (int l = 0; l < memory->layers && whole; l++) {
        size_t h = 0, c = 0;
        rondo_recurrent_state_size(net, l, &memory->h_width[l], &memory->c_width[l]);
        whole = rondo__size_mul((size_t)B, (size_t)memory->h_width[l], &h) &&
                rondo__size_mul((size_t)B, (size_t)memory->c_width[l], &c);
        whole = whole && (memory->h[l] = rondo__calloc(h, sizeof(real))) != NULL;
        whole = whole && (c == 0 || (memory->c[l] = rondo__calloc(c, sizeof(real))) != NULL);
    }
    if (whole)
        return RONDO_OK;
    rondo__lm_memory_free(memory);
    return rondo__fail(err, RONDO_MEMORY, "language_model: no memory for the states of %lld rows", (long long)B);
}

void rondo__lm_memory_free(rondo__lm_memory *memory) {
    for (int l = 0; l < memory->layers; l++) {
        rondo__free(memory->h[l]);
        rondo__free(memory->c[l]);
    }
    memset(memory, 0, sizeof *memory);
}

static rondo_tensor view(real *data, int64_t B, int64_t width) {
    const int64_t dims[2] = {B, width};
    return rondo_tensor_view(RONDO_REAL, data, 2, dims);
}

void rondo__lm_memory_use(const rondo__lm_memory *memory, rondo_tape *tape, rondo_states *out) {
    memset(out, 0, sizeof *out);
    for (int l = 0; l < memory->layers; l++) {
        const rondo_tensor h = view(memory->h[l], memory->B, memory->h_width[l]);
        out->h[l] = rondo_leaf(tape, &h, NULL);
        if (memory->c[l]) {
            const rondo_tensor c = view(memory->c[l], memory->B, memory->c_width[l]);
            out->c[l] = rondo_leaf(tape, &c, NULL);
        }
    }
}

void rondo__lm_memory_take(rondo__lm_memory *memory, const rondo_states *from) {
    for (int l = 0; l < memory->layers; l++) {
        if (from->h[l])
            memcpy(memory->h[l], from->h[l]->value.data, (size_t)(memory->B * memory->h_width[l]) * sizeof(real));
        if (from->c[l] && memory->c[l])
            memcpy(memory->c[l], from->c[l]->value.data, (size_t)(memory->B * memory->c_width[l]) * sizeof(real));
    }
}

int rondo__lm_memory_list(const rondo__lm_memory *memory, int max, rondo__named *out) {
    static const char *const h[RONDO_MAX_LAYERS] = {
        "state.h.0", "state.h.1", "state.h.2",  "state.h.3",  "state.h.4",  "state.h.5",  "state.h.6",  "state.h.7",
        "state.h.8", "state.h.9", "state.h.10", "state.h.11", "state.h.12", "state.h.13", "state.h.14", "state.h.15"};
    static const char *const c[RONDO_MAX_LAYERS] = {
        "state.c.0", "state.c.1", "state.c.2",  "state.c.3",  "state.c.4",  "state.c.5",  "state.c.6",  "state.c.7",
        "state.c.8", "state.c.9", "state.c.10", "state.c.11", "state.c.12", "state.c.13", "state.c.14", "state.c.15"};
    int count = 0;
    for (int l = 0; l < memory->layers; l++) {
        if (count < max)
            out[count++] = (rondo__named){h[l], view(memory->h[l], memory->B, memory->h_width[l])};
        if (memory->c[l] && count < max)
            out[count++] = (rondo__named){c[l], view(memory->c[l], memory->B, memory->c_width[l])};
    }
    return count;
}
