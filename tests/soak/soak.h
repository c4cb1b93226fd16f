/* One process that trains, evaluates, saves, goes on and streams for hours (scripts/soak). */
#ifndef TESTS_SOAK_SOAK_H
#define TESTS_SOAK_SOAK_H

#include <stdint.h>

#include <rondo/rondo.h>

/* Every function ends the program with a sentence where something goes wrong. */
void soak_must(rondo_status status, const rondo_error *err, const char *where);

/* What is opened once and lives as long as the process: a context, a model and its stream of states for each recipe. */
typedef struct soak_life soak_life;
soak_life *soak_life_open(const char *folder, int threads);
void soak_life_close(soak_life *life);

/* One round over all recipes in folder: trains a model until half its steps, goes on from its checkpoint, verifies the
 * files, opens the model, evaluates it, uses it, streams with it, closes it; then steps of the streams that stay open.
 * The same every time, and *fingerprint says so: it is of all model files and all that was put out. */
void soak_round(soak_life *life, uint64_t *fingerprint);

/* Where the round is, for the log of one that fails. */
typedef struct soak_tally {
    int64_t trainings, steps, evaluations, files_verified, streamed;
} soak_tally;
const soak_tally *soak_life_tally(const soak_life *life);

#endif
