/* Keys of the task transcribe that do not fit together. */
#include "train/recipe_check.h"

rondo_status rondo__recipe_check_transcribe(const rondo__recipe_checking *c) { return rondo__recipe_check_model(c); }
