/* What the page calls: one language model, one text at a time. Built by web/build, with -DMODEL_FILE="..." (written by
 * rondo export --name model). */
#include <emscripten/emscripten.h>

#include MODEL_FILE

static model_state state;
static float scores[MODEL_OUTPUT];

EMSCRIPTEN_KEEPALIVE void page_begin(void) { model_init(&state); }

/* Reads a symbol and returns where the scores of the next one stand. */
EMSCRIPTEN_KEEPALIVE float *page_step(int symbol) {
    model_step(&state, symbol, scores);
    return scores;
}
