/* Status names and sentences, and the one way to tell a failure. */
#include <stdio.h>
#include <string.h>

#include "core/core.h"

const char *rondo_status_name(rondo_status status) {
    static const char *const names[] = {
#define X(name, sentence) #name,
        RONDO_STATUS_LIST(X)
#undef X
    };
    return (unsigned)status < RONDO_STATUS_COUNT ? names[status] : "UNKNOWN";
}

const char *rondo_status_sentence(rondo_status status) {
    static const char *const sentences[] = {
#define X(name, sentence) sentence,
        RONDO_STATUS_LIST(X)
#undef X
    };
    return (unsigned)status < RONDO_STATUS_COUNT ? sentences[status] : "an unknown status";
}

/* Messages quote names of files and words of users: keep them to one line, and do not cut a character in two. */
static void make_one_line(char *message, bool cut) {
    size_t length = strlen(message);
    if (cut) {
        while (length > 0 && ((unsigned char)message[length - 1] & 0xC0) == 0x80)
            length--;
        if (length > 0 && (unsigned char)message[length - 1] >= 0xC0)
            length--;
        else
            length = strlen(message);
        message[length] = '\0';
    }
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

rondo_status rondo__fail(rondo_error *err, rondo_status status, const char *format, ...) {
    if (!err)
        return status;
    err->status = status;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (length < 0)
        snprintf(err->message, sizeof err->message, "%s", rondo_status_sentence(status));
    make_one_line(err->message, length >= (int)sizeof err->message);
    return status;
}
