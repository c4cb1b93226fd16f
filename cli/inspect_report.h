/* rondo inspect --html. */
#ifndef RONDO_CLI_INSPECT_REPORT_H
#define RONDO_CLI_INSPECT_REPORT_H

#include "cli.h"

/* Is the call one for a report? view: what stands where a view would, or NULL; given: options, of which a report knows
 * only how many passages and steps. Returns -1 to go on, or the exit code. */
int inspect_report_check(const char *html, const char *view, const char *to, const rondo_view_options *given);
/* Writes it, telling on a terminal how far it is; returns the exit code. */
int inspect_report(rondo_inspection *inspection, const char *html, const rondo_inspect_data *data,
                   const rondo_view_options *given);

#endif
