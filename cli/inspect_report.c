#include "inspect_report.h"

#include <string.h>
#include <unistd.h>

/* The first option that is given and that a report has no use for, or NULL. */
static const char *odd_option(const rondo_view_options *o) {
    const struct {
        const char *name;
        bool given;
    } odd[] = {{"--passage", o->passage != 0}, {"--from", o->from != 0},   {"--stack", o->stack},
               {"--layer", o->layer != 0},     {"--gate", o->gate},        {"--direction", o->direction != 0},
               {"--unit", o->unit != 0},       {"--order", o->order != 0}, {"--limit", o->limit != 0},
               {"--lags", o->lags != 0},       {"--pattern", o->pattern},  {"--like", o->like_from || o->like_to}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (odd[i].given)
            return odd[i].name;
    return NULL;
}

int inspect_report_check(const char *html, const char *view, const char *to, const rondo_view_options *given) {
    const char *name, *odd = to ? "--to" : odd_option(given);
    if (!cli_ends_in(html, ".html") && !cli_ends_in(html, ".htm"))
        return cli_fail(CLI_USAGE, "inspect: --html is '%s' (must end in .html)", html);
    for (int i = 0; view && (name = rondo_view_name(i, NULL)); i++)
        if (strcmp(name, view) == 0)
            return cli_fail(CLI_USAGE, "inspect: a report has every view (leave '%s' out)", view);
    if (odd)
        return cli_fail(CLI_USAGE, "inspect: %s is nothing that a report has a use for (leave it out)", odd);
    return -1;
}

static bool tell(const char *part, void *arg) {
    (void)arg;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s ...", part);
    return true;
}

int inspect_report(rondo_inspection *inspection, const char *html, const rondo_inspect_data *data,
                   const rondo_view_options *given) {
    static const char *const text[] = {"--text"};
    const rondo_report_options options = {.passages = given->passages,
                                          .steps = given->steps,
                                          .files = data->text ? 1 : data->files,
                                          .file = data->text ? text : data->file,
                                          .progress = tell};
    rondo_error err = {0};
    const rondo_status status = rondo_report_write(inspection, html, &options, &err);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return status ? cli_report(status, &err) : CLI_DONE;
}
