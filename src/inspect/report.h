/* The report's parts:
 *   report.c        the public face: what goes into the file, in which order, and how it is written
 *   report_data.c   the JSON that the page reads
 *   report_page.c   the page around it, which web/report made */
#ifndef RONDO_INSPECT_REPORT_H
#define RONDO_INSPECT_REPORT_H

#include "inspect/inspect.h"
#include "rondo/report.h"

/* The page before and after its data; NULL: there is none (rondo_report_absent). */
typedef struct rondo__report_page {
    const unsigned char *before, *after;
    size_t before_size, after_size;
} rondo__report_page;
const rondo__report_page *rondo__report_page_get(void);

/* Appends the report's data as JSON of at most about `room` bytes: whatever is over all data, and passages while they
 * fit. No '<', '>' or '&' stands in it, so it can stand in a page. options is not NULL. */
rondo_status rondo__report_json(rondo_inspection *inspection, const rondo_report_options *options, size_t room,
                                rondo__text *out, rondo_error *err);
/* Appends the lines of a metrics.jsonl, their numbers alone, as a JSON array: at most 2000, evenly taken. A file that
 * is not there is an empty array. */
rondo_status rondo__report_evaluations(const char *path, rondo__text *out, rondo_error *err);
/* Appends JSON with the three letters written as \u00XX. They occur in its strings alone, where that is the same. */
void rondo__report_escape(rondo__text *out, const char *json, size_t size);

#endif
