/* Keys of the task forecast that do not fit together. */
#include "train/recipe_check.h"

void rondo__recipe_resolve_forecast(const rondo__recipe_checking *c) {
    rondo__recipe_model *m = &c->recipe->model;
    if (!rondo__recipe_given(c, "model.output"))
        m->output = RONDO__OUTPUT_POINT;
}

rondo_status rondo__recipe_check_forecast(const rondo__recipe_checking *c) { return rondo__recipe_check_model(c); }
