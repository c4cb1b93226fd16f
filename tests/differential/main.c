/* differ_f32 --against differ_f64 [--cases N] [--first SEED] [--case "FAMILY seed=.. FIELD=.."]: see differ.h.
 * differ_f64 --serve: reads cases, a line each, and answers with their numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "differential/run.h"

enum { LINE = 1024 };

/* ---- the other side ---- */

static void put(FILE *to, const void *data, size_t bytes) {
    if (fwrite(data, 1, bytes, to) != bytes)
        exit(2);
}

static void get(FILE *from, void *data, size_t bytes) {
    if (fread(data, 1, bytes, from) != bytes) {
        fprintf(stderr, "differ: the double library's side has ended\n");
        exit(2);
    }
}

static int serve(void) {
    char line[LINE];
    differ_case c;
    outcome out;
    while (fgets(line, sizeof line, stdin)) {
        if (!case_read(&c, line))
            return 2;
        case_run(&c, &out);
        put(stdout, &out.status, sizeof out.status);
        put(stdout, out.message, sizeof out.message);
        put(stdout, &out.arrays, sizeof out.arrays);
        for (int64_t i = 0; i < out.arrays; i++) {
            put(stdout, &out.counts[i], sizeof out.counts[i]);
            put(stdout, out.data[i], (size_t)out.counts[i] * sizeof(double));
        }
        fflush(stdout);
        outcome_free(&out);
    }
    return 0;
}

static FILE *to_other, *from_other;

static void start(const char *program) {
    int down[2], up[2];
    if (pipe(down) || pipe(up))
        exit(2);
    const pid_t child = fork();
    if (child == 0) {
        dup2(down[0], STDIN_FILENO);
        dup2(up[1], STDOUT_FILENO);
        close(down[1]);
        close(up[0]);
        execl(program, program, "--serve", (char *)NULL);
        fprintf(stderr, "differ: %s cannot be run\n", program);
        _exit(2);
    }
    close(down[0]);
    close(up[1]);
    to_other = fdopen(down[1], "w");
    from_other = fdopen(up[0], "r");
    if (child < 0 || !to_other || !from_other)
        exit(2);
}

static void ask(const differ_case *c, outcome *out) {
    char line[LINE];
    *out = (outcome){0};
    case_write(c, line, sizeof line);
    fprintf(to_other, "%s\n", line);
    fflush(to_other);
    get(from_other, &out->status, sizeof out->status);
    get(from_other, out->message, sizeof out->message);
    get(from_other, &out->arrays, sizeof out->arrays);
    out->counts = calloc((size_t)out->arrays + 1, sizeof *out->counts);
    out->data = calloc((size_t)out->arrays + 1, sizeof *out->data);
    for (int64_t i = 0; i < out->arrays; i++) {
        get(from_other, &out->counts[i], sizeof out->counts[i]);
        out->data[i] = malloc((size_t)(out->counts[i] + 1) * sizeof(double));
        get(from_other, out->data[i], (size_t)out->counts[i] * sizeof(double));
    }
}

/* ---- comparing ---- */

/* Largest |a - b| / (1 + largest |b|); two that are no numbers, or infinite alike, are equal. */
static double distance(const double *a, const double *b, int64_t count) {
    double worst = 0, largest = 0;
    for (int64_t i = 0; i < count; i++) {
        const bool alike = (isnan(a[i]) && isnan(b[i])) || a[i] == b[i];
        const double apart = alike ? 0 : isfinite(a[i]) && isfinite(b[i]) ? fabs(a[i] - b[i]) : INFINITY;
        worst = apart > worst ? apart : worst;
        largest = isfinite(b[i]) && fabs(b[i]) > largest ? fabs(b[i]) : largest;
    }
    return worst / (1 + largest);
}

/* Of the bound: above 1 the two sides differ, and why says how. */
static double compare(const outcome *a, const outcome *b, double bound, char why[LINE]) {
    double worst = 0;
    if (a->status || b->status) { /* cases are drawn so that none is refused */
        snprintf(why, LINE, "float: %s %.300s; double: %s %.300s", rondo_status_name(a->status), a->message,
                 rondo_status_name(b->status), b->message);
        return INFINITY;
    }
    if (a->arrays != b->arrays) {
        snprintf(why, LINE, "%lld arrays, not %lld", (long long)a->arrays, (long long)b->arrays);
        return INFINITY;
    }
    for (int64_t i = 0; i < a->arrays; i++) {
        const double apart =
            a->counts[i] == b->counts[i] ? distance(a->data[i], b->data[i], a->counts[i]) / bound : INFINITY;
        if (apart > worst || isnan(apart)) {
            worst = apart;
            snprintf(why, LINE, "%s %lld, counted from the last, differs by %.3g (allowed: %.3g)",
                     i < a->results ? "result" : "gradient", (long long)(i < a->results ? i : i - a->results),
                     apart * bound, bound);
        }
    }
    return worst;
}

/* A norm divides by a spread that may be small, and so makes rounding larger. */
static double bound_of(const differ_case *c) {
    for (int i = 0; i < DIFFER_FIELDS && c->family->fields[i].name; i++) {
        if (strcmp(c->family->fields[i].name, "norm") == 0 && c->value[i])
            return 20 * c->family->bound;
    }
    return c->family->bound;
}

static double try_case(const differ_case *c, char why[LINE]) {
    outcome a, b;
    case_run(c, &a);
    ask(c, &b);
    const double worst = compare(&a, &b, bound_of(c), why);
    outcome_free(&a);
    outcome_free(&b);
    return worst;
}

/* Brings each field as near to its lowest value as the case goes on failing. */
static void shrink(differ_case *c) {
    char why[LINE];
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (int i = 0; i < DIFFER_FIELDS && c->family->fields[i].name; i++) {
            const int64_t low = c->family->fields[i].low, now = c->value[i];
            for (int64_t next = low; next < now; next = next + (now - next + 1) / 2) {
                c->value[i] = next;
                if (try_case(c, why) > 1)
                    break;
                c->value[i] = now;
            }
            smaller = smaller || c->value[i] < now;
        }
    }
}

static void report(const differ_case *c, const char *program, const char *self) {
    char line[LINE], why[LINE] = "";
    differ_case small = *c;
    case_write(c, line, sizeof line);
    printf("FAILED: %s\n", line);
    shrink(&small);
    try_case(&small, why);
    case_write(&small, line, sizeof line);
    printf("  %s\n  the smallest that fails: %s --against %s --case \"%s\"\n", why, self, program, line);
}

static int run_cases(const char *self, const char *program, uint64_t first, uint64_t cases) {
    char why[LINE], line[LINE] = "";
    double worst = 0;
    int failures = 0;
    for (uint64_t seed = first; seed < first + cases; seed++) {
        differ_case c;
        case_draw(&c, seed);
        const double apart = try_case(&c, why);
        if (apart > worst) {
            worst = apart;
            case_write(&c, line, sizeof line);
        }
        if (apart > 1 && failures++ < 10)
            report(&c, program, self);
    }
    printf("%llu cases of %d families, seeds %llu to %llu: %d failed; the worst took %.0f %% of its bound (%s)\n",
           (unsigned long long)cases, case_families(), (unsigned long long)first,
           (unsigned long long)(first + cases - 1), failures, 100 * worst, line);
    return failures > 0;
}

static int run_one(const char *text) {
    differ_case c;
    char why[LINE] = "nothing differs";
    if (!case_read(&c, text)) {
        fprintf(stderr, "differ: '%s' is no case\n", text);
        return 2;
    }
    const double apart = try_case(&c, why);
    printf("%s: %s\n", apart > 1 ? "FAILED" : "ok", why);
    return apart > 1;
}

int main(int argc, char **argv) {
    const char *against = NULL, *one = NULL;
    uint64_t first = 1, cases = 1000;
    if (argc == 2 && strcmp(argv[1], "--serve") == 0)
        return serve();
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--against") == 0)
            against = argv[i + 1];
        else if (strcmp(argv[i], "--cases") == 0)
            cases = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--first") == 0)
            first = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--case") == 0)
            one = argv[i + 1];
    }
    if (!against) {
        fprintf(stderr, "differ: --against PROGRAM is missing (the same, built with the double library)\n");
        return 2;
    }
    start(against);
    return one ? run_one(one) : run_cases(argv[0], against, first, cases);
}
