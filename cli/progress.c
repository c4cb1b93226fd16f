#include "progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void progress_start(progress *bar, bool on) { *bar = (progress){.on = on, .last = -1}; }

static int terminal_width(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void progress_show(progress *bar, const rondo_event *e) {
    if (!bar->on || (bar->last >= 0 && e->seconds - bar->last < 0.1 && e->step < e->steps))
        return;
    bar->last = e->seconds;
    double share = e->steps > 0 ? (double)e->step / (double)e->steps : 0;
    char left[96], right[128], speed[32], time[32];
    cli_format_count(e->symbols_per_second, speed);
    cli_format_time(e->seconds_left, time);
    int l = snprintf(left, sizeof left, "epoch %lld/%lld ", (long long)e->epoch, (long long)e->epochs);
    int r = snprintf(right, sizeof right, " %3.0f%%  loss %.4f  %s %s/s  %s left", 100 * share, e->train_loss, speed,
                     e->symbol ? e->symbol : "symbols", time);
    int room = terminal_width() - l - r - 3;
    char cells[64];
    int width = room < 0 ? 0 : room > 40 ? 40 : room;
    int full = (int)(share * width + 0.5);
    full = full > width ? width : full;
    memset(cells, '=', sizeof cells);
    memset(cells + full, ' ', sizeof cells - (size_t)full);
    if (full > 0 && full < width)
        cells[full - 1] = '>';
    if (width >= 4)
        fprintf(stderr, "\r%s[%.*s]%s\033[K", left, width, cells, right);
    else
        fprintf(stderr, "\r%s%s\033[K", left, right);
    bar->drawn = true;
}

void progress_clear(progress *bar) {
    if (bar->drawn)
        fputs("\r\033[K", stderr);
    bar->drawn = false;
}
