/* A progress bar on a terminal: loss, speed, time left. Silent elsewhere. */
#ifndef RONDO_CLI_PROGRESS_H
#define RONDO_CLI_PROGRESS_H

#include "cli.h"

typedef struct progress {
    bool on, drawn;
    double last; /* seconds of the run at the last drawing */
} progress;

void progress_start(progress *bar, bool on);
/* Draws at most ten times a second. */
void progress_show(progress *bar, const rondo_event *event);
/* Takes the bar off the screen so that a line can be printed. */
void progress_clear(progress *bar);

#endif
