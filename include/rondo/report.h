/* One HTML file that shows a model at work: its training, its passages with every gate and state, and the views over
 * all data. It needs nothing beside it, asks for no network and works from disk. docs/inspect.md. */
#ifndef RONDO_REPORT_H
#define RONDO_REPORT_H

#include "rondo/inspect.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means the default. */
typedef struct rondo_report_options {
    int64_t passages; /* how many are shown at most; 24. The first of them in any case, the others while they fit */
    int64_t steps;    /* of each passage at most; 120 */
    int64_t bytes;    /* what the file should stay under; 2 800 000 */
    int files;        /* the data, as the page names them */
    const char *const *file;
    /* Called before each part, such as "gates" or "passage 3"; false ends the work: RONDO_INTERRUPTED. May be NULL. */
    bool (*progress)(const char *part, void *arg);
    void *progress_arg;
} rondo_report_options;

/* Writes it, whole or not at all. options may be NULL. RONDO_UNSUPPORTED, told in a sentence, where this build has no
 * page (Node and npm make it). Training curves come from metrics.jsonl beside the model, where there is one. */
RONDO_API rondo_status rondo_report_write(rondo_inspection *inspection, const char *path,
                                          const rondo_report_options *options, rondo_error *err);
/* NULL: this build has the page; else why not. */
RONDO_API const char *rondo_report_absent(void);

#ifdef __cplusplus
}
#endif
#endif
