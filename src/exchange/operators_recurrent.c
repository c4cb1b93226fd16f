/* RNN, GRU, LSTM: outputs are made here, numbers by one of the two paths of recurrent.h. */
#include "exchange/recurrent.h"

static rondo_status make_outputs(const rondo__graph_call *call, rondo__recurrent_node *n, rondo_error *err) {
    const rondo_dtype type = n->x->dtype;
    const bool first = n->batch_first;
    const int64_t y[] = {first ? n->B : n->T, first ? n->T : n->D, first ? n->D : n->B, n->H},
                  state[] = {first ? n->B : n->D, first ? n->D : n->B, n->H};
    rondo_status status = rondo__make_out(call, 0, type, 4, y, &n->y, err);
    if (!status)
        status = rondo__make_out(call, 1, type, 3, state, &n->yh, err);
    if (!status)
        status = rondo__make_out(call, 2, type, 3, state, &n->yc, err);
    return status;
}

static rondo_status run_recurrent(const rondo__graph_call *call, rondo_error *err) {
    rondo__recurrent_node n;
    rondo_status status = rondo__recurrent_read(call, &n, err);
    if (!status)
        status = make_outputs(call, &n, err);
    if (status)
        return status;
    return rondo__recurrent_is_cell(call, &n) ? rondo__recurrent_cells(call, &n, err)
                                              : rondo__recurrent_plain(call, &n, err);
}

#define SHARED " activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i layout:i "
const rondo__operator rondo__operators_recurrent[] = {
    {"RNN", 3, 6, 0, 2, SHARED, run_recurrent, RONDO__NODE_RNN, 0},
    {"GRU", 3, 6, 0, 2, SHARED "linear_before_reset:i ", run_recurrent, RONDO__NODE_GRU, 0},
    {"LSTM", 3, 8, 0, 3, SHARED "input_forget:i ", run_recurrent, RONDO__NODE_LSTM, 0},
    {0},
};
