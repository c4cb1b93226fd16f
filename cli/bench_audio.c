/* rondo bench audio: how fast are frames made of sound? */
#include "bench.h"

static const char *const features[] = {"log_mel", "mfcc", NULL};

static void print_result(const rondo_bench_audio_result *r, bool json) {
    if (json)
        printf("{\"frames_per_second\": %.6g, \"times_real_time\": %.5g, \"stream_times_real_time\": %.5g, "
               "\"median_ms\": %.6g, \"runs\": %lld, \"threads\": 1}\n",
               r->frames_per_second, r->times_real_time, r->stream_times_real_time, r->median_ms, (long long)r->runs);
    else
        printf("%.4g frames/s   %.4g times real time   as a stream %.4g times   (%lld runs of 10 s, 1 thread)\n",
               r->frames_per_second, r->times_real_time, r->stream_times_real_time, (long long)r->runs);
}

int cli_bench_audio(int argc, char **argv) {
    const char *what = NULL;
    int kind = 0;
    bool json = false;
    double seconds = 0;
    rondo_audio_config config = {.rate = 16000, .low_hz = 20, .preemphasis = 0.97};
    const cli_option options[] = {
        {"--rate", CLI_WHOLE, &config.rate, "N", "samples per second (default 16000)", 1, RONDO_MAX_RATE},
        {"--features", CLI_CHOICE, &kind, "NAME", "log_mel or mfcc (default log_mel)", .choices = features},
        {"--mels", CLI_WHOLE, &config.mels, "N", "mel bands (default 40)", 1, 4096},
        {"--deltas", CLI_WHOLE, &config.deltas, "N", "orders of differences (default 0)", 0, 2},
        {"--seconds", CLI_REAL, &seconds, "F", "how long to measure (default 2)", 0.001, 3600},
        {"--json", CLI_FLAG, &json, NULL, "one JSON object on stdout"},
    };
    static const cli_command command = {
        .name = "bench",
        .usage = "rondo bench audio [--rate N] [--features NAME] [--seconds F] [--json]",
        .about = "Times the audio front end on one core: 25 ms windows every 10 ms of ten seconds of noise, whole and\n"
                 "fed as a stream, hop by hop.\n\n"
                 "example:\n"
                 "  rondo bench audio --rate 16000 --features log_mel",
    };
    rondo_bench_audio_result result;
    rondo_error err = {0};
    const int code = cli_parse(&command, argc, argv, sizeof options / sizeof *options, options, 1, 1, &what);
    if (code >= 0)
        return code;
    config.features = (rondo_audio_features)kind;
    const rondo_status status = rondo_bench_audio(&config, seconds, &result, &err);
    if (status)
        return cli_report(status, &err);
    print_result(&result, json);
    return cli_flush(CLI_DONE);
}
