/* The HTML report: the page that web/report made, with this model's data in it. */
#include "inspect/report.h"

enum { PASSAGES = 24, STEPS = 120, BYTES = 2800000 };

static rondo_report_options filled(const rondo_report_options *options) {
    rondo_report_options all = options ? *options : (rondo_report_options){0};
    all.passages = all.passages ? all.passages : PASSAGES;
    all.steps = all.steps ? all.steps : STEPS;
    all.bytes = all.bytes ? all.bytes : BYTES;
    return all;
}

static rondo_status check(const rondo_inspection *inspection, const char *path, const rondo_report_options *options,
                          rondo_error *err) {
    if (!inspection || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_report_write: inspection or path is NULL");
    if (options->passages < 0 || options->steps < 0 || options->bytes < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_report_write: passages, steps and bytes are at least 1");
    if (rondo_report_absent())
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: this build of Rondo has no page for reports: when it was built, %s (build it where "
                           "nodejs and npm are installed, or give CMake -DRONDO_REPORT_PAGE=FILE; docs/inspect.md)",
                           path, rondo_report_absent());
    return RONDO_OK;
}

static rondo_status put(const rondo__report_page *page, const rondo__text *json, const char *path, rondo_error *err) {
    rondo__writer *writer;
    rondo_status status = rondo__writer_open(&writer, path, err);
    if (status)
        return status;
    status = rondo__writer_put(writer, page->before, page->before_size, err);
    if (!status)
        status = rondo__writer_put(writer, json->data, json->size, err);
    if (!status)
        status = rondo__writer_put(writer, page->after, page->after_size, err);
    if (!status)
        return rondo__writer_commit(&writer, err);
    rondo__writer_abandon(&writer);
    return status;
}

rondo_status rondo_report_write(rondo_inspection *inspection, const char *path, const rondo_report_options *options,
                                rondo_error *err) {
    const rondo_report_options all = filled(options);
    rondo_status status = check(inspection, path, &all, err);
    if (status)
        return status;
    const rondo__report_page *page = rondo__report_page_get();
    const size_t around = page->before_size + page->after_size;
    const size_t room = (size_t)all.bytes > around ? (size_t)all.bytes - around : 0;
    rondo__text json = {0};
    status = rondo__report_json(inspection, &all, room, &json, err);
    if (!status)
        status = put(page, &json, path, err);
    rondo__text_free(&json);
    return status;
}
