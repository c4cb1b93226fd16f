/* soak SECONDS FOLDER [THREADS]: rounds of round.c in this one process until the time is over, at least eight. FOLDER
 * holds recipes and data (scripts/soak makes them).
 *
 * A JSON line for each round: resident memory, bytes in use on the heap, open file handles, threads, CPU seconds, and
 * `pace`: these seconds over those that a fixed piece of arithmetic took right after, which cancels most of what other
 * programs on the machine do to a second. A last line holds the verdict, over the rounds after the first fifth
 * (warm-up): first quarter of them against the last.
 *
 *   memory      resident memory is flat to 1 %, the heap to 0.01 % (to the byte, but for printf's buffers)
 *   handles     as many open files and threads at the end as after warm-up
 *   throughput  the median pace of both quarters differs by less than 10 %
 *   bits        every round gave the same model files and the same answers
 *
 * Exit code 0: all four. A short run judges memory, handles and bits, but says nothing of throughput. */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

enum { LEAST = 8, SHORT = 40 };

typedef struct sample {
    double wall, cpu, pace, resident, heap;
    int handles, threads;
} sample;

static double wall(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double cpu(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static int entries(const char *folder) {
    DIR *open = opendir(folder);
    int count = 0;
    while (open && readdir(open))
        count++;
    if (open)
        closedir(open);
    return count - 3; /* ., .. and the one that is being read with */
}

static double resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* About a tenth of a second of plain arithmetic over 64 KiB. */
static double yardstick(void) {
    static volatile float sink;
    static float a[16384];
    const double begin = cpu();
    float sum = 0;
    for (int again = 0; again < 1500; again++)
        for (int i = 0; i < 16384; i++)
            sum += (a[i] = a[i] * 0.5f + (float)(i & 7));
    sink = sum;
    return cpu() - begin + 0 * (double)sink;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef double (*field)(const sample *s);
static double of_resident(const sample *s) { return s->resident; }
static double of_heap(const sample *s) { return s->heap; }
static double of_pace(const sample *s) { return s->pace; }

static double median(const sample *s, int64_t count, field of) {
    double *value = malloc((size_t)count * sizeof *value);
    if (!value)
        soak_must(RONDO_MEMORY, &(rondo_error){0}, "the verdict");
    for (int64_t i = 0; i < count; i++)
        value[i] = of(s + i);
    qsort(value, (size_t)count, sizeof *value, by_size);
    const double middle = value[count / 2];
    free(value);
    return middle;
}

/* What a figure grew by from the first quarter to the last. */
static double growth(const sample *s, int64_t count, field of) {
    const int64_t quarter = (count + 3) / 4;
    return median(s + count - quarter, quarter, of) / median(s, quarter, of) - 1;
}

static const char *word(bool good) { return good ? "true" : "false"; }

static bool verdict(const sample *s, int64_t rounds, bool same, const soak_tally *t) {
    const int64_t warm = rounds / 5 + 1, count = rounds - warm;
    const sample *first = s + warm, *last = s + rounds - 1;
    const double more = growth(first, count, of_resident), heap = growth(first, count, of_heap),
                 slower = growth(first, count, of_pace);
    /* a few rounds tell what each of them leaks on the heap (about a KB), but not where pages come to lie on a busy
     * machine */
    const bool flat = count < SHORT ? heap < 0.001 : more < 0.01 && heap < 0.0001;
    const bool handles = first->handles == last->handles && first->threads == last->threads;
    const bool steady = count < SHORT || (slower < 0.1 && slower > -0.1);
    printf(
        "{\"verdict\": \"%s\", \"rounds\": %lld, \"warm_up_rounds\": %lld, \"seconds\": %.0f, \"cpu_seconds\": %.0f, "
        "\"trainings\": %lld, \"optimiser_steps\": %lld, \"evaluations\": %lld, \"files_verified\": %lld, "
        "\"streamed_steps\": %lld, \"resident_bytes\": %.0f, \"resident_growth\": %.5f, \"heap_bytes\": %.0f, "
        "\"heap_growth\": %.5f, \"memory_flat\": %s, \"handles\": %d, \"threads\": %d, \"handles_flat\": %s, "
        "\"pace_change\": %.4f, \"throughput_steady\": %s, \"same_bits\": %s}\n",
        flat && handles && steady && same ? "passed" : "failed", (long long)rounds, (long long)warm, wall() - s->wall,
        cpu(), (long long)t->trainings, (long long)t->steps, (long long)t->evaluations, (long long)t->files_verified,
        (long long)t->streamed, last->resident, more, last->heap, heap, word(flat), last->handles, last->threads,
        word(handles), slower, count < SHORT ? "null" : word(steady), word(same));
    return flat && handles && steady && same;
}

static sample measure(double begin, double before) {
    sample now = {.wall = begin, .cpu = cpu() - before, .resident = resident()};
    now.heap = (double)mallinfo2().uordblks + (double)mallinfo2().hblkhd;
    now.handles = entries("/proc/self/fd");
    now.threads = entries("/proc/self/task") + 1;
    now.pace = now.cpu / yardstick();
    return now;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "soak SECONDS FOLDER [THREADS]\n");
        return 2;
    }
    const double until = wall() + atof(argv[1]);
    soak_life *life = soak_life_open(argv[2], argc > 3 ? atoi(argv[3]) : 2);
    sample *all = NULL;
    uint64_t first = 0, now = 0;
    int64_t rounds = 0, room = 0;
    bool same = true;
    while (rounds < LEAST || wall() < until) {
        if (rounds == room) {
            room = room ? 2 * room : 65536; /* taken once, so that it is no growth */
            all = realloc(all, (size_t)room * sizeof *all);
            if (!all)
                return 1;
        }
        const double begin = wall(), before = cpu();
        soak_round(life, &now);
        first = rounds ? first : now;
        same = same && now == first;
        all[rounds] = measure(begin, before);
        const sample *s = &all[rounds++];
        printf("{\"round\": %lld, \"at\": %.1f, \"seconds\": %.2f, \"cpu_seconds\": %.2f, \"pace\": %.2f, "
               "\"resident_bytes\": "
               "%.0f, \"heap_bytes\": %.0f, \"handles\": %d, \"threads\": %d, \"fingerprint\": \"%016llx\"}\n",
               (long long)rounds, wall() - all->wall, wall() - begin, s->cpu, s->pace, s->resident, s->heap, s->handles,
               s->threads, (unsigned long long)now);
        fflush(stdout);
    }
    const bool good = verdict(all, rounds, same, soak_life_tally(life));
    soak_life_close(life);
    free(all);
    return good ? 0 : 1;
}
