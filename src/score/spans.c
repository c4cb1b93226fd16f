/* Spans that labels mark, found as conlleval finds them (Tjong Kim Sang 2000) and as seqeval does by default.
 *
 * Two neighbours decide. With B begin, I inside, E end, S single, and a type after the dash:
 *   a span ends    after E and S; before B, S and what marks nothing; where the type changes
 *   a span begins  at B and S; at I and E after E, S or what marks nothing; where the type changes
 * A label that has no such prefix marks nothing, as "O" does. A span is right when the same steps bear the same type.
 */
#include <string.h>

#include "core/core.h"
#include "rondo/label_score.h"

typedef struct mark {
    char tag;         /* B, I, E, S; O: marks nothing */
    const char *type; /* "" without one */
} mark;

static mark read_mark(const char *label) {
    if (label && label[0] && strchr("BIES", label[0])) {
        if (label[1] == '\0')
            return (mark){label[0], ""};
        if (label[1] == '-')
            return (mark){label[0], label + 2};
    }
    return (mark){'O', ""};
}

static bool ends_between(mark before, mark now) {
    if (before.tag == 'O')
        return false;
    return before.tag == 'E' || before.tag == 'S' || now.tag == 'B' || now.tag == 'S' || now.tag == 'O' ||
           strcmp(before.type, now.type) != 0;
}

static bool begins_between(mark before, mark now) {
    if (now.tag == 'O')
        return false;
    return now.tag == 'B' || now.tag == 'S' || before.tag == 'E' || before.tag == 'S' || before.tag == 'O' ||
           strcmp(before.type, now.type) != 0;
}

/* Reads one list of labels, and says where spans begin and end. */
typedef struct reader {
    mark before;
    int64_t begin; /* of the span that was open last */
} reader;

/* What happens between a step and the one before it. */
typedef struct span {
    bool ended, began;
    int64_t begin; /* of the span that ended, and its type */
    const char *type;
} span;

static span read_step(reader *r, int64_t at, mark now) {
    span s = {ends_between(r->before, now), begins_between(r->before, now), r->begin, r->before.type};
    if (s.began)
        r->begin = at;
    r->before = now;
    return s;
}

void rondo_span_add(rondo_span_score *score, int64_t count, const char *const *truth, const char *const *prediction) {
    reader t = {{'O', ""}, 0}, p = t;
    if (!score || !truth || !prediction)
        return;
    for (int64_t i = 0; i <= count; i++) {
        span a = read_step(&t, i, read_mark(i < count ? truth[i] : NULL));
        span b = read_step(&p, i, read_mark(i < count ? prediction[i] : NULL));
        score->truth += a.began;
        score->predicted += b.began;
        score->right += a.ended && b.ended && a.begin == b.begin && strcmp(a.type, b.type) == 0;
    }
}

static double ratio(int64_t part, int64_t whole) { return whole ? (double)part / (double)whole : 0; }

void rondo_span_finish(rondo_span_score *score) {
    if (!score)
        return;
    score->precision = ratio(score->right, score->predicted);
    score->recall = ratio(score->right, score->truth);
    score->f1 = ratio(2 * score->right, score->truth + score->predicted);
}

int rondo_labels_are_spans(int64_t count, const char *const *label) {
    bool begins = false;
    for (int64_t i = 0; label && i < count; i++) {
        if (!label[i])
            return 0;
        bool typed = label[i][0] && strchr("BIES", label[i][0]) && label[i][1] == '-' && label[i][2];
        if (!typed && strcmp(label[i], "O") != 0)
            return 0;
        begins = begins || (typed && label[i][0] == 'B');
    }
    return begins;
}
