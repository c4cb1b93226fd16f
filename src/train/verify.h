/* Signing the text files of a run; verify.c reads them back. */
#ifndef RONDO_TRAIN_VERIFY_H
#define RONDO_TRAIN_VERIFY_H

#include "core/core.h"
#include "rondo/model.h"

/* Adds the last line, a comment with the checksum of all before it. */
void rondo__sign_yaml(rondo__text *yaml);
/* Are these the bytes that a run wrote? */
bool rondo__yaml_is_signed(const char *yaml, size_t size);
/* line ends in '}'; it gets one more entry, "checksum", and its line end. */
void rondo__sign_line(rondo__text *line);

#endif
