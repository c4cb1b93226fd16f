#include "tasks/classify.h"
#include "tasks/forecast.h"
#include "tasks/language_model.h"
#include "tasks/network_task.h"
#include "tasks/tag.h"
#include "tasks/transcribe.h"
#include "tasks/translate.h"

const rondo__task_class *rondo__task_find(int task_kind) {
    switch (task_kind) {
    case RONDO__LANGUAGE_MODEL:
        return &rondo__language_model;
    case RONDO__TRANSLATE:
        return &rondo__translate_class;
    case RONDO__TRANSCRIBE:
        return &rondo__transcribe_class;
    case RONDO__CLASSIFY:
        return &rondo__classify_class;
    case RONDO__TAG:
        return &rondo__tag_class;
    case RONDO__FORECAST:
        return &rondo__forecast_class;
    case RONDO__NETWORK:
        return &rondo__network_class;
    default:
        return NULL;
    }
}
