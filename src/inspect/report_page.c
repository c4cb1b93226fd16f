/* The page of the report, as the build made it (cmake/report_page.cmake). */
#include "report_page.h"
#include "inspect/report.h"

#ifdef RONDO__REPORT_ABSENT
const rondo__report_page *rondo__report_page_get(void) { return NULL; }

const char *rondo_report_absent(void) { return RONDO__REPORT_ABSENT; }
#else
const rondo__report_page *rondo__report_page_get(void) {
    static const rondo__report_page page = {page_before, page_after, sizeof page_before, sizeof page_after};
    return &page;
}

const char *rondo_report_absent(void) { return NULL; }
#endif
