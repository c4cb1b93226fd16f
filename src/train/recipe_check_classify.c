/* Keys of the task classify that do not fit together. */
#include "train/recipe_check.h"

rondo_status rondo__recipe_check_classify(const rondo__recipe_checking *c) { return rondo__recipe_check_model(c); }
