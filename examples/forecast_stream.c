/* Forecasts as rows come in: trains a small model of a table that it writes itself, then feeds it one row at a time.
 *
 * A stream keeps the last rows, allocates nothing in a step, and says what rondo_model_forecast says of the same rows.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rondo/rondo.h"

enum { HOURS = 480, AHEAD = 6 };

/* A load with a day's wave, that someone measures every hour. */
static double load_at(int hour) { return 50 + 20 * sin(hour * 0.2617993878) + 3 * sin(hour * 1.7) + 0.01 * hour; }

static int write_files(const char *folder, char recipe[256]) {
    char path[256];
    snprintf(path, sizeof path, "%s/load.csv", folder);
    FILE *table = fopen(path, "w");
    if (!table)
        return -1;
    fprintf(table, "time,load\n");
    for (int hour = 0; hour < HOURS; hour++)
        fprintf(table, "%lld,%.4f\n", 1577836800LL + 3600LL * hour, load_at(hour));
    fclose(table);
    snprintf(recipe, 256, "%s/load.yaml", folder);
    FILE *yaml = fopen(recipe, "w");
    if (!yaml)
        return -1;
    fprintf(
        yaml,
        "task: forecast\n"
        "data: {file: load.csv, time: time, targets: [load]}\n"
        "model: {cell: gru, hidden_size: 24, window: 24, horizon: %d, instance_norm: reversible, output: quantiles}\n"
        "train: {batch_size: 16, epochs: 8, seed: 1, optimizer: {type: adamw, learning_rate: 0.01}}\n",
        AHEAD);
    return fclose(yaml);
}

static void print_step(int hour, const rondo_forecast_stream_sizes *sizes, const double *point,
                       const double *quantile) {
    const int last = sizes->quantiles - 1;
    printf("hour %d: in an hour %.1f (%.1f to %.1f, will be %.1f), in %d hours %.1f (%.1f to %.1f, will be %.1f)\n",
           hour, point[0], quantile[0], quantile[last], load_at(hour + 1), AHEAD, point[AHEAD - 1],
           quantile[(AHEAD - 1) * sizes->quantiles], quantile[(AHEAD - 1) * sizes->quantiles + last],
           load_at(hour + AHEAD));
}

/* Rows that the model has never seen: the hours after its table. */
static rondo_status follow(rondo_model *model, rondo_error *err) {
    rondo_forecast_stream *stream;
    double point[AHEAD], quantile[AHEAD * 3];
    rondo_status status = rondo_forecast_stream_open(&stream, model, NULL, err);
    if (status)
        return status;
    const rondo_forecast_stream_sizes sizes = rondo_forecast_stream_get_sizes(stream);
    for (int hour = HOURS; hour < HOURS + 48 && !status; hour++) {
        const double row[1] = {load_at(hour)};
        status = rondo_forecast_stream_step(stream, 1577836800.0 + 3600.0 * hour, row, NULL, point, quantile, err);
        if (!status && !isnan(point[0]) && hour % 6 == 0)
            print_step(hour, &sizes, point, quantile);
    }
    rondo_forecast_stream_close(&stream);
    return status;
}

static rondo_status run(const char *folder, rondo_error *err) {
    char recipe[256], out[256], path[300];
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    if (write_files(folder, recipe)) {
        snprintf(err->message, sizeof err->message, "%s: cannot be written", folder);
        return RONDO_IO;
    }
    snprintf(out, sizeof out, "%s/run", folder);
    snprintf(path, sizeof path, "%s/model.safetensors", out);
    rondo_train_result result;
    rondo_status status = rondo_train(recipe, &(rondo_train_options){.folder = out, .threads = 1}, &result, err);
    if (!status)
        printf("mse %.4f, of the last value repeated %.4f, of the day before %.4f\n",
               rondo_metrics_get(&result.best, "mse"), rondo_metrics_get(&result.best, "naive_mse"),
               rondo_metrics_get(&result.best, "seasonal_mse"));
    if (!status)
        status = rondo_context_create(&context, &(rondo_context_options){.threads = 1}, err);
    if (!status)
        status = rondo_model_open(&model, context, path, err);
    if (!status)
        status = follow(model, err);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status;
}

int main(void) {
    char folder[] = "/tmp/rondo-forecast-XXXXXX", command[64];
    rondo_error err = {0};
    if (!mkdtemp(folder))
        return 1;
    rondo_status status = run(folder, &err);
    if (status == RONDO_UNSUPPORTED) { /* a build without recipes or model files */
        printf("%s\n", err.message);
        status = RONDO_OK;
    }
    if (status)
        fprintf(stderr, "%s: %s\n", rondo_status_name(status), err.message);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0 || status != RONDO_OK;
}
