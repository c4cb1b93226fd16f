/* rondo eval: metrics of a model on other data. */
#include <math.h>
#include <string.h>

#include "cli.h"
#include "eval_pairs.h"

typedef struct evaluating {
    cli_eval_pairs_call pairs;
    int64_t threads;
    const char *where;
    int dtype;
    bool of_pairs; /* an option that only encoder-decoders have was given */
} evaluating;

static void print_table(const rondo_metrics *metrics) {
    for (int i = 0; i < metrics->count; i++) {
        double x = metrics->item[i].value;
        if (x == floor(x) && fabs(x) < 1e15)
            printf("%-22s %.0f\n", metrics->item[i].name, x);
        else
            printf("%-22s %.6g\n", metrics->item[i].name, x);
    }
}

static int evaluate_one(rondo_model *model, const cli_list *data, bool json) {
    rondo_error err = {0};
    rondo_metrics metrics = {0};
    rondo_status status = rondo_model_evaluate(model, data->count, data->item, &metrics, &err);
    if (status)
        return cli_report(status, &err);
    if (json)
        cli_print_metrics_json(&metrics);
    else {
        print_table(&metrics);
        fputs(rondo_model_report(model), stdout);
    }
    return cli_flush(CLI_DONE);
}

static int evaluate_opened(const evaluating *e) {
    const cli_eval_pairs_call *p = &e->pairs;
    bool pairs = !e->where;
    for (int i = 0; i < p->models; i++)
        pairs = pairs && strcmp(rondo_model_task(p->model[i]), "translate") == 0;
    if (pairs)
        return cli_eval_pairs(p);
    if (p->models == 2)
        return cli_fail(CLI_USAGE, "eval: two models are compared only where both translate (give one model)");
    if (e->of_pairs)
        return cli_fail(CLI_USAGE, "eval: --beam, --length-penalty, --bleu-tokenize, --lowercase and --plot are for "
                                   "models that translate (leave them out)");
    rondo_error err = {0};
    rondo_status status = e->where ? rondo_model_select(p->model[0], e->where, &err) : RONDO_OK;
    return status ? cli_report(status, &err) : evaluate_one(p->model[0], p->data, p->json);
}

static int evaluate(evaluating *e) {
    rondo_context *context = NULL;
    rondo_error err = {0};
    rondo_status status = RONDO_OK;
    int code = cli_context_of(&context, e->threads, e->dtype);
    if (code >= 0)
        return code;
    for (int i = 0; i < e->pairs.models && !status; i++)
        status = rondo_model_open(&e->pairs.model[i], context, e->pairs.path[i], &err);
    code = status ? cli_report(status, &err) : evaluate_opened(e);
    for (int i = 0; i < e->pairs.models; i++)
        rondo_model_close(&e->pairs.model[i]);
    rondo_context_destroy(&context);
    return code;
}

static int run(int argc, char **argv) {
    const char *words[2], *tokenize = NULL;
    cli_list data = {0};
    bool beam = false, penalty = false, lower = false;
    evaluating e = {.pairs = {.data = &data, .models = 1}};
    rondo_translate_evaluate_options *o = &e.pairs.options;
    const cli_option options[] = {
        {"--data", CLI_LIST, &data, "FILE", "the data, one or more files (.gz is unpacked); to translate: both sides",
         .many = true},
        {"--json", CLI_FLAG, &e.pairs.json, NULL, "one JSON object on stdout"},
        {"--where", CLI_TEXT, &e.where, "FIELD=VALUE", "classify, transcribe: only these examples, as speaker=theo"},
        {"--beam", CLI_WHOLE, &o->search.beam, "N", "translate: hypotheses kept side by side (default 1: greedy)", 1,
         1024, .given = &beam},
        {"--length-penalty", CLI_REAL, &o->search.length_penalty, "F", "translate: favours longer outputs (default 0)",
         0, 10, .given = &penalty},
        {"--bleu-tokenize", CLI_TEXT, &tokenize, "NAME", "translate: 13a, none or char (default 13a)"},
        {"--lowercase", CLI_FLAG, &o->lowercase, NULL, "translate: BLEU of texts in lower case", .given = &lower},
        {"--plot", CLI_TEXT, &e.pairs.plot, "FILE", "translate: BLEU by length of the source, as .png or .svg"},
        {"--dtype", CLI_CHOICE, &e.dtype, "NAME", "what products compute with: f32, bf16 or int8 (default f32)",
         .choices = cli_precisions},
        {"--threads", CLI_WHOLE, &e.threads, "N", "threads (default: all cores); changes no result", 0, 1024},
    };
    int code = cli_parse(&cli_eval, argc, argv, sizeof options / sizeof *options, options, 1, 2, words);
    if (code >= 0)
        return code;
    if (data.count == 0)
        return cli_fail(CLI_USAGE, "eval: no data (give --data FILE, as in: %s)", cli_eval.usage);
    rondo_error err = {0};
    rondo_status status = tokenize ? rondo_bleu_tokenizer_find(tokenize, &o->tokenizer, &err) : RONDO_OK;
    if (status)
        return cli_report(status, &err);
    if (e.pairs.plot && !cli_ends_in(e.pairs.plot, ".png") && !cli_ends_in(e.pairs.plot, ".svg"))
        return cli_fail(CLI_USAGE, "eval: --plot is '%s' (must end in .png or .svg)", e.pairs.plot);
    e.of_pairs = beam || penalty || lower || tokenize || e.pairs.plot;
    e.pairs.path[0] = words[0];
    e.pairs.path[1] = words[1];
    e.pairs.models = words[1] ? 2 : 1;
    return evaluate(&e);
}

const cli_command cli_eval = {
    .name = "eval",
    .summary = "measure a model on data",
    .usage = "rondo eval MODEL [MODEL] --data FILE... [--json] [--threads N]",
    .about =
        "Prints the metrics of the model's task on the files. A language model gives nats and bits per symbol,\n"
        "perplexity, and nats and bits per character of the raw text, whatever its tokenizer. An encoder-decoder "
        "takes\n"
        "sources and their translations, and gives loss, perplexity, accuracy, BLEU with its signature, chrF2, TER, "
        "and\n"
        "BLEU by the length of the source; one trained on a dictionary takes a dictionary, and gives word and phone\n"
        "error rates; two models are compared by paired bootstrap. A forecast is measured from every step of a CSV "
        "file\n"
        "beside naive, seasonal-naive and drift; recordings, labelled texts and sentences with tags give accuracy or\n"
        "error rates, and tables of what was taken for what.\n\n"
        "example:\n"
        "  rondo eval runs/shakespeare/model.safetensors --data other.txt --json",
    .run = run,
};
