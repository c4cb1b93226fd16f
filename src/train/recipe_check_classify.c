/* Keys of the task classify that do not fit together. */
#include <string.h>

#include "data/tokenizer.h"
#include "rondo/audio.h"
#include "rondo/ops.h"
#include "train/recipe_check.h"

/* Keys that one kind of input has no use for. */
static rondo_status check_input(const rondo__recipe_checking *c) {
    static const char *const of_audio[] = {"data.audio.rate",         "data.audio.features", "data.audio.window_ms",
                                           "data.audio.hop_ms",       "data.audio.mels",     "data.audio.deltas",
                                           "data.audio.low_hz",       "data.audio.high_hz",  "data.audio.preemphasis",
                                           "data.augment.noise_db",   "data.augment.speed",  "data.augment.gain_db",
                                           "data.audio.coefficients", "data.augment.warp"};
    static const char *const of_frames[] = {"data.audio.normalise", "data.augment.time_masks",
                                            "data.augment.feature_masks", "model.stack"};
    const int input = c->recipe->data.input;
    rondo__recipe defaults;
    rondo__recipe_defaults(&defaults);
    const size_t audio = sizeof of_audio / sizeof *of_audio, frames = sizeof of_frames / sizeof *of_frames;
    for (size_t i = 0; input != RONDO__INPUT_AUDIO && i < audio + (input == RONDO__INPUT_TEXT ? frames : 0); i++) {
        const char *path = i < audio ? of_audio[i] : of_frames[i - audio];
        const rondo__field *field = &rondo__recipe_fields[rondo__field_find(path)];
        if (!rondo__field_equal(field, c->recipe, &defaults))
            return rondo__fail(c->err, RONDO_FORMAT, "%s: %s is for data.input %s (leave it out)",
                               rondo__recipe_place(c, path, "data.input").text, path,
                               i < audio ? "audio" : "audio or series");
    }
    if (input == RONDO__INPUT_TEXT && c->recipe->data.tokenizer.type == RONDO__NO_TOKENIZER)
        return rondo__recipe_refuse(c, "data.tokenizer.type", "data.input",
                                    "data.input text needs a tokenizer (char, word or sentencepiece)");
    return RONDO_OK;
}

static rondo_status check_labels(const rondo__recipe_checking *c) {
    const rondo__recipe_data *data = &c->recipe->data;
    if (data->pattern[0] && data->input == RONDO__INPUT_TEXT)
        return rondo__recipe_refuse(c, "data.pattern", "data.input",
                                    "data.pattern is for files, texts come from a .tsv list (leave it out)");
    if (data->pattern[0] && !strstr(data->pattern, "{label}"))
        return rondo__recipe_refuse(c, "data.pattern", NULL,
                                    "data.pattern has no {label} (such as {label}_{speaker}_{index})");
    return RONDO_OK;
}

static rondo_status check_pooling(const rondo__recipe_checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    if (m->pooling == RONDO_POOL_LAST && m->bidirectional && m->merge != RONDO_MERGE_CONCAT)
        return rondo__recipe_refuse(c, "model.merge", "model.pooling",
                                    "model.pooling last of both directions needs model.merge concat");
    if (c->recipe->data.input == RONDO__INPUT_SERIES && c->recipe->data.audio.normalise == RONDO_NORMALISE_RUNNING)
        return rondo__recipe_refuse(
            c, "data.audio.normalise", "data.input",
            "data.audio.normalise running is for data.input audio (series: global or recording)");
    return RONDO_OK;
}

rondo_status rondo__recipe_check_classify(const rondo__recipe_checking *c) {
    rondo_status status = rondo__recipe_check_model(c);
    if (!status)
        status = check_input(c);
    if (!status)
        status = check_labels(c);
    if (!status && c->recipe->data.input == RONDO__INPUT_AUDIO)
        status = rondo__recipe_check_audio(c);
    return status ? status : check_pooling(c);
}
