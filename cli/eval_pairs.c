#include "eval_pairs.h"

#include <math.h>
#include <string.h>

typedef struct comparison {
    bool made; /* two models of lines */
    rondo_bootstrap bootstrap;
} comparison;

static void print_number(const char *end, double x) {
    if (isnan(x))
        printf("%14s%s", "-", end);
    else if (x == floor(x) && fabs(x) < 1e15)
        printf("%14.0f%s", x, end);
    else
        printf("%14.6g%s", x, end);
}

static void bucket_name(const rondo_translate_bucket *b, char out[32]) {
    if (b->high)
        snprintf(out, 32, "%lld-%lld", (long long)b->low, (long long)b->high);
    else
        snprintf(out, 32, "%lld+", (long long)b->low);
}

/* ---- for people ---- */

static void print_metrics(const cli_eval_pairs_call *call, const rondo_translate_report *r) {
    if (call->models == 2)
        printf("%-22s%14s%14s\n", "", "A", "B");
    for (int i = 0; i < r[0].metrics.count; i++) {
        const rondo_metric *m = &r[0].metrics.item[i];
        printf("%-22s", m->name);
        print_number(call->models == 1 ? "\n" : "", m->value);
        if (call->models == 2)
            print_number("\n", rondo_metrics_get(&r[1].metrics, m->name));
    }
    if (r[0].signature[0])
        printf("BLEU's signature: %s\nchrF's signature: %s\nTER's signature:  %s\n", r[0].signature,
               rondo_chrf_signature(), rondo_ter_signature());
    if (r[0].skipped)
        printf("left out of the loss, for a side is empty: %lld pairs\n", (long long)r[0].skipped);
}

/* Models whose tokenizers differ cut the same lines into other numbers of symbols: their buckets hold other lines. */
static bool same_buckets(const cli_eval_pairs_call *call, const rondo_translate_report *r) {
    for (int i = 0; call->models == 2 && i < r[0].buckets; i++)
        if (r[0].bucket[i].segments != r[1].bucket[i].segments)
            return false;
    return true;
}

/* One column of BLEU per report. */
static void print_table(int reports, const rondo_translate_report *r, const char *const *heading) {
    printf("\n%-16s%12s", "source symbols", "sentences");
    for (int k = 0; k < reports; k++)
        printf("%14s", heading[k]);
    putchar('\n');
    for (int i = 0; i < r[0].buckets; i++) {
        char name[32];
        bucket_name(&r[0].bucket[i], name);
        printf("%-16s%12lld", name, (long long)r[0].bucket[i].segments);
        for (int k = 0; k < reports; k++)
            print_number(k + 1 == reports ? "\n" : "", r[k].bucket[i].bleu);
    }
}

static void print_buckets(const cli_eval_pairs_call *call, const rondo_translate_report *r) {
    static const char *const alone[] = {"BLEU"}, *const both[] = {"BLEU of A", "BLEU of B"};
    if (r[0].buckets == 0)
        return;
    if (same_buckets(call, r)) {
        print_table(call->models, r, call->models == 1 ? alone : both);
        return;
    }
    for (int k = 0; k < 2; k++)
        print_table(1, &r[k], &both[k]);
}

static void print_comparison(const rondo_bootstrap *b) {
    const bool a_ahead = b->bleu_a >= b->bleu_b;
    printf("\nA  %.2f BLEU, 95 %% within [%.2f, %.2f]\n", b->bleu_a, b->low_a, b->high_a);
    printf("B  %.2f BLEU, 95 %% within [%.2f, %.2f]\n", b->bleu_b, b->low_b, b->high_b);
    printf("%s is ahead by %.2f; p = %.4f (paired bootstrap, %lld samples): %s\n", a_ahead ? "A" : "B",
           fabs(b->bleu_a - b->bleu_b), b->p, (long long)b->samples,
           b->p < 0.05 ? "more than chance" : "may be chance");
}

/* ---- for programs ---- */

static void json_number(double x) {
    if (isfinite(x))
        printf("%.9g", x);
    else
        fputs("null", stdout);
}

static void json_report(const rondo_translate_report *r) {
    putchar('{');
    for (int i = 0; i < r->metrics.count; i++) {
        printf("%s\"%s\": ", i ? ", " : "", r->metrics.item[i].name);
        json_number(r->metrics.item[i].value);
    }
    printf(", \"segments\": %lld, \"skipped\": %lld", (long long)r->segments, (long long)r->skipped);
    if (r->signature[0])
        printf(", \"signature\": \"%s\"", r->signature);
    for (int i = 0; i < r->buckets; i++) {
        const rondo_translate_bucket *b = &r->bucket[i];
        printf("%s{\"low\": %lld, \"high\": ", i ? ", " : ", \"bleu_by_length\": [", (long long)b->low);
        printf(b->high ? "%lld" : "null", (long long)b->high);
        printf(", \"segments\": %lld, \"bleu\": ", (long long)b->segments);
        json_number(b->bleu);
        putchar('}');
    }
    fputs(r->buckets ? "]}" : "}", stdout);
}

static void print_json(const cli_eval_pairs_call *call, const rondo_translate_report *r, const comparison *c) {
    if (call->models == 1) {
        json_report(&r[0]);
        putchar('\n');
        return;
    }
    fputs("{\"a\": ", stdout);
    json_report(&r[0]);
    fputs(", \"b\": ", stdout);
    json_report(&r[1]);
    if (c->made) {
        const rondo_bootstrap *b = &c->bootstrap;
        printf(", \"bootstrap\": {\"bleu_a\": %.9g, \"low_a\": %.9g, \"high_a\": %.9g, \"bleu_b\": %.9g, "
               "\"low_b\": %.9g, \"high_b\": %.9g, \"p\": %.9g, \"samples\": %lld}",
               b->bleu_a, b->low_a, b->high_a, b->bleu_b, b->low_b, b->high_b, b->p, (long long)b->samples);
    }
    puts("}");
}

/* ---- the picture ---- */

static rondo_status draw(const cli_eval_pairs_call *call, const rondo_translate_report *r, rondo_error *err) {
    char name[RONDO_TRANSLATE_BUCKETS][32];
    const char *names[RONDO_TRANSLATE_BUCKETS];
    double value[2 * RONDO_TRANSLATE_BUCKETS];
    int groups = 0;
    for (int i = 0; i < r[0].buckets; i++) {
        if (r[0].bucket[i].segments == 0)
            continue;
        bucket_name(&r[0].bucket[i], name[groups]);
        names[groups] = name[groups];
        for (int k = 0; k < call->models; k++)
            value[groups * call->models + k] = r[k].bucket[i].bleu;
        groups++;
    }
    const rondo_plot_axes axes = {
        .title = "BLEU by length of the source", .x_label = "source symbols", .y_label = "BLEU", .from_zero = true};
    return rondo_plot_bars(call->plot, &axes, groups, names, call->models, call->models == 1 ? NULL : call->path, value,
                           err);
}

static rondo_status measure(const cli_eval_pairs_call *call, rondo_translate_report *r, comparison *c,
                            rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < call->models && !status; i++)
        status =
            rondo_model_evaluate_pairs(call->model[i], call->data->count, call->data->item, &call->options, &r[i], err);
    c->made = !status && call->models == 2 && r[0].signature[0] && r[1].signature[0];
    if (c->made)
        status = rondo_bleu_bootstrap(&c->bootstrap, r[0].segments, (const char *const *)r[0].system,
                                      (const char *const *)r[1].system, (const char *const *)r[0].reference,
                                      call->options.tokenizer, call->options.lowercase, 0, call->seed, err);
    return status;
}

int cli_eval_pairs(const cli_eval_pairs_call *call) {
    rondo_translate_report r[2] = {0};
    comparison c = {0};
    rondo_error err = {0};
    int code = CLI_DONE;
    rondo_status status = measure(call, r, &c, &err);
    if (!status && call->json) {
        print_json(call, r, &c);
    } else if (!status) {
        print_metrics(call, r);
        print_buckets(call, r);
        if (c.made)
            print_comparison(&c.bootstrap);
    }
    if (!status && call->plot && r[0].buckets == 0)
        code = cli_fail(CLI_USAGE, "eval: --plot draws BLEU by length, which a dictionary has not");
    else if (!status && call->plot && !same_buckets(call, r))
        code =
            cli_fail(CLI_USAGE, "eval: --plot: the two models count source symbols differently (draw one at a time)");
    else if (!status && call->plot)
        status = draw(call, r, &err);
    rondo_translate_report_free(&r[0]);
    rondo_translate_report_free(&r[1]);
    if (status)
        return cli_report(status, &err);
    return code ? code : cli_flush(CLI_DONE);
}
