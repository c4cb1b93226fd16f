/* "Did you mean": the nearest of some names by edit distance. */
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

#define LONGEST 63

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c; }

static int least(int a, int b) { return a < b ? a : b; }

/* Insertions, deletions, changes and swaps of neighbours that turn a (n) into b (m); case does not count. Row i of the
 * usual table needs only the two rows above it. */
static int edit_distance(const char *a, int n, const char *b, int m) {
    int rows[3][LONGEST + 1];
    for (int i = 0; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            if (i == 0) {
                row[j] = j;
                continue;
            }
            int change = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *rondo__nearest_name(const char *word, const char *const *names, int count) {
    size_t n = strlen(word);
    if (n == 0 || n > LONGEST)
        return NULL;
    const char *nearest = NULL;
    int distance =
        n < 3 ? 1 : (int)(n + 5) / 4; /* a third of a short word, a quarter of a long one; further is no hint */
    for (int i = 0; i < count; i++) {
        size_t m = strlen(names[i]);
        if (m == 0 || m > LONGEST)
            continue;
        int d = edit_distance(word, (int)n, names[i], (int)m);
        if (d < (int)m && (nearest ? d < distance : d <= distance)) {
            nearest = names[i];
            distance = d;
        }
    }
    return nearest;
}
