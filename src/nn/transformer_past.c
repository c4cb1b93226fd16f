/* The past of a decoder in use, over rows that split, change places and end.
 *
 * Each layer's keys and values are (steps, rows, N), so that a new step is written behind the ones before it, where
 * room was left: nothing is copied while the rows stay as they are (greedy search). Where they do not, gather writes
 * each row's past, by its parent, into the other one of two blocks. Either way the steps that count are untouched until
 * take, so that a step that fails leaves all as it was. */
#include "autograd/op_tools.h"
#include "nn/transformer.h"

void rondo__past_begin(rondo__past_store *store, const rondo_transformer *net, int64_t rows) {
    store->arrays = 2 * net->config.layers;
    store->N = net->config.size;
    store->rows = rows;
    store->steps = 0;
}

void rondo__past_free(rondo__past_store *store) {
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++) {
        rondo__block_free(&store->now[i]);
        rondo__block_free(&store->next[i]);
    }
}

/* Numbers of the given steps of one array; false: more than memory can hold. */
static bool numbers_of(const rondo__past_store *store, int64_t steps, int64_t rows, size_t *bytes) {
    return rondo__size_mul((size_t)steps, (size_t)rows, bytes) && rondo__size_mul(*bytes, (size_t)store->N, bytes) &&
           rondo__size_mul(*bytes, sizeof(real), bytes);
}

/* Room for one more step, and where there is none for half as many again. */
static bool reserve(const rondo__past_store *store, rondo__block *blocks, int64_t used_steps, int64_t rows) {
    size_t used, least, most;
    if (!numbers_of(store, used_steps, rows, &used) || !numbers_of(store, store->steps + 1, rows, &least) ||
        !numbers_of(store, (store->steps + 1) * 3 / 2 + 8, rows, &most))
        return false;
    for (int i = 0; i < store->arrays; i++)
        if ((!blocks[i].data || blocks[i].room < least) && !rondo__block_reserve(&blocks[i], used, most))
            return false;
    return true;
}

static bool same_rows(const rondo__past_store *store, int64_t rows, const int32_t *parent) {
    bool same = rows == store->rows;
    for (int64_t r = 0; same && r < rows; r++)
        same = parent[r] == r;
    return same;
}

typedef struct gather_job {
    const rondo__past_store *store;
    const int32_t *parent; /* (rows) */
} gather_job;

/* Over the steps of all arrays. */
static void gather_steps(void *arg, int64_t begin, int64_t end, int worker) {
    const gather_job *job = arg;
    const rondo__past_store *store = job->store;
    const int64_t N = store->N;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int64_t array = i / store->steps, t = i % store->steps;
        const real *from = (const real *)store->now[array].data + t * store->rows * N;
        real *to = (real *)store->next[array].data + t * store->next_rows * N;
        for (int64_t r = 0; r < store->next_rows; r++)
            memcpy(to + r * N, from + job->parent[r] * N, (size_t)N * sizeof *to);
    }
}

bool rondo__past_gather(rondo__past_store *store, rondo_context *context, int64_t rows, const int32_t *parent) {
    gather_job job = {store, parent};
    store->in_place = same_rows(store, rows, parent);
    store->next_rows = rows;
    if (store->in_place)
        return reserve(store, store->now, store->steps, rows);
    if (!reserve(store, store->next, 0, rows))
        return false;
    if (store->steps)
        rondo__parallel(context, store->arrays * store->steps, rondo__row_grain(rows * store->N), gather_steps, &job);
    return true;
}

static rondo_var *append(const rondo__past_store *store, rondo_tape *tape, int array, const rondo_var *step) {
    const int64_t dims[3] = {store->steps + 1, store->next_rows, store->N}, row = dims[1] * dims[2];
    real *all = (store->in_place ? store->now : store->next)[array].data;
    const rondo_tensor value = rondo_tensor_view(RONDO_REAL, all, 3, dims);
    memcpy(all + store->steps * row, step->value.data, (size_t)row * sizeof *all);
    return rondo_leaf(tape, &value, NULL);
}

void rondo__past_append(const rondo__past_store *store, rondo_tape *tape, int l, rondo_attention_memory *made) {
    if (rondo__tape_failed(tape))
        return;
    made->keys = append(store, tape, 2 * l, made->keys);
    made->values = append(store, tape, 2 * l + 1, made->values);
}

void rondo__past_take(rondo__past_store *store) {
    for (int i = 0; i < store->arrays && !store->in_place; i++) {
        rondo__block now = store->next[i];
        store->next[i] = store->now[i];
        store->now[i] = now;
    }
    store->rows = store->next_rows;
    store->steps++;
}
