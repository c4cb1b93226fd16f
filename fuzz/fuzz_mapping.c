/* Fuzz target, see fuzz/README.md: any bytes as a mapping file. What is read maps names to names of their own length.
 */
#include "exchange/import.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"", "a", "lstm.weight_ih_l0", "tok", "head.kernel", "*"};
    rondo__mapping mapping;
    rondo_error err;
    if (rondo__mapping_parse(&mapping, "fuzz", (const char *)data, size, &err)) {
        if (mapping.count || mapping.rule || strchr(err.message, '\n'))
            __builtin_trap();
        return 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rondo__mapping_rule *rule;
        char ours[16];
        if (rondo__mapping_find(&mapping, names[i], &rule, ours, sizeof ours) && strlen(ours) >= sizeof ours)
            __builtin_trap();
    }
    rondo__mapping_free(&mapping);
    return 0;
}
