/* What tests/bench/instructions.sh counts the instructions of: one function for each case, over the public interface,
 * on one thread. Each case runs once before it is counted, so that memory has been found and weights have been packed
 * where they stay packed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/rondo.h>

typedef struct work {
    rondo_context *context;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_tape *tape;
    rondo_stream *stream;
    rondo_tensor x;
    rondo_real *y;
} work;

static void must(rondo_status status, const rondo_error *err) {
    if (status) {
        fprintf(stderr, "work: %s\n", err->message);
        exit(1);
    }
}

static void pass(work *w, bool train) {
    rondo_error err = {0};
    rondo_step step = {.training = train, .recording = train};
    rondo_tape_begin(w->tape, &step);
    rondo_var *y = rondo_recurrent_forward(w->net, w->tape, rondo_leaf(w->tape, &w->x, NULL), NULL);
    must(rondo_tape_status(w->tape, &err), &err);
    if (train) {
        rondo_params_clear_grads(w->params);
        const rondo_real *dy = w->y;
        rondo_backward_from(w->tape, 1, &y, &dy);
        must(rondo_tape_status(w->tape, &err), &err);
    }
}

static void steps(work *w) {
    for (int i = 0; i < 100; i++)
        rondo_stream_step(w->stream, w->x.data, w->y);
}

/* Functions of their own, whose names callgrind reports. */
#define CASE(NAME, CALL)                                                                                               \
    __attribute__((noinline)) static void count_##NAME(work *w) {                                                      \
        CALL;                                                                                                          \
        __asm__ volatile("");                                                                                          \
    }
CASE(lstm_train, pass(w, true))
CASE(gru_train, pass(w, true))
CASE(elman_train, pass(w, true))
CASE(jordan_train, pass(w, true))
CASE(lstm_forward, pass(w, false))
CASE(gru_forward, pass(w, false))
CASE(lstm_bf16_forward, pass(w, false))
CASE(lstm_int8_forward, pass(w, false))
CASE(lstm_step, steps(w))
CASE(gru_step, steps(w))
CASE(lstm_int8_step, steps(w))

typedef struct a_case {
    void (*count)(work *w);
    rondo_cell cell;
    rondo_precision precision;
    int64_t T, B, H; /* I = H; T = 0: 100 single steps */
} a_case;
static const a_case cases[] = {
    {count_lstm_train, RONDO_LSTM, RONDO_PRECISION_F32, 8, 16, 64},
    {count_gru_train, RONDO_GRU, RONDO_PRECISION_F32, 8, 16, 64},
    {count_elman_train, RONDO_ELMAN, RONDO_PRECISION_F32, 8, 16, 64},
    {count_jordan_train, RONDO_JORDAN, RONDO_PRECISION_F32, 8, 16, 64},
    {count_lstm_forward, RONDO_LSTM, RONDO_PRECISION_F32, 8, 16, 64},
    {count_gru_forward, RONDO_GRU, RONDO_PRECISION_F32, 8, 7, 80},
    {count_lstm_bf16_forward, RONDO_LSTM, RONDO_PRECISION_BF16, 4, 16, 64},
    {count_lstm_int8_forward, RONDO_LSTM, RONDO_PRECISION_INT8, 4, 16, 64},
    {count_lstm_step, RONDO_LSTM, RONDO_PRECISION_F32, 0, 1, 64},
    {count_gru_step, RONDO_GRU, RONDO_PRECISION_F32, 0, 1, 64},
    {count_lstm_int8_step, RONDO_LSTM, RONDO_PRECISION_INT8, 0, 1, 64},
};

static rondo_real *numbers(int64_t n) {
    rondo_real *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; x && i < n; i++)
        x[i] = (rondo_real)((double)((i * 7919) % 2003) / 1001.5 - 1);
    if (!x)
        exit(1);
    return x;
}

static void run(const a_case *c) {
    const int64_t T = c->T ? c->T : 1;
    rondo_error err = {0};
    work w = {.y = numbers(T * c->B * c->H)};
    w.x = rondo_tensor_view(RONDO_REAL, numbers(T * c->B * c->H), 3, (int64_t[]){T, c->B, c->H});
    const rondo_context_options options = {.threads = 1, .precision = c->precision};
    const rondo_recurrent_config config = {.cell = c->cell, .input_size = c->H, .hidden_size = c->H};
    must(rondo_context_create(&w.context, &options, &err), &err);
    must(rondo_params_create(&w.params, &err), &err);
    must(rondo_recurrent_create(&w.net, w.params, "", &config, &err), &err);
    must(rondo_params_finish(w.params, 1, &err), &err);
    must(rondo_tape_create(&w.tape, w.context, &err), &err);
    if (c->T == 0)
        must(rondo_stream_open(&w.stream, w.context, w.net, c->B, NULL, &err), &err);
    c->T ? pass(&w, c->precision == RONDO_PRECISION_F32) : steps(&w);
    c->count(&w);
    rondo_stream_close(&w.stream);
    rondo_tape_destroy(&w.tape);
    rondo_recurrent_destroy(&w.net);
    rondo_params_destroy(&w.params);
    rondo_context_destroy(&w.context);
    free(w.x.data);
    free(w.y);
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run(&cases[i]);
    return 0;
}
