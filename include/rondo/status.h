/* Status codes and the error record.
 *
 * Every public function that can fail returns a rondo_status. Functions that have a story to tell take a
 * rondo_error*, owned by the caller, which may be NULL. Nothing is global; the library never prints or exits. */
#ifndef RONDO_STATUS_H
#define RONDO_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define RONDO_API
#else
#define RONDO_API __attribute__((visibility("default")))
#endif

/* One list gives the enum, the names and the sentences. */
#define RONDO_STATUS_LIST(X)                                                                                           \
    X(OK, "done")                                                                                                      \
    X(ARGUMENT, "an argument is out of its range")                                                                     \
    X(SHAPE, "the shapes do not fit together")                                                                         \
    X(MEMORY, "memory could not be had")                                                                               \
    X(NOT_FOUND, "a file does not exist or cannot be opened")                                                          \
    X(FORMAT, "a file does not hold what it should")                                                                   \
    X(IO, "reading or writing failed")                                                                                 \
    X(UNSUPPORTED, "this build or device cannot do it")                                                                \
    X(NUMERIC, "a number became infinite or not a number")                                                             \
    X(INTERRUPTED, "stopped on request")                                                                               \
    X(STATE, "the call came at the wrong time")

typedef enum rondo_status {
#define X(name, sentence) RONDO_##name,
    RONDO_STATUS_LIST(X)
#undef X
        RONDO_STATUS_COUNT
} rondo_status;

/* The story of a failure: one line, "where: what (the mend)". Valid after a call returned other than RONDO_OK. */
typedef struct rondo_error {
    rondo_status status;
    char message[512];
} rondo_error;

/* "SHAPE" for RONDO_SHAPE; never NULL. Thread-safe. */
RONDO_API const char *rondo_status_name(rondo_status status);
/* One sentence without a full stop; never NULL. Thread-safe. */
RONDO_API const char *rondo_status_sentence(rondo_status status);

#ifdef __cplusplus
}
#endif
#endif
