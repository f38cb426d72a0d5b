/*
 * replay.c - main() of a fuzzer outside libFuzzer: replays its corpus as a TAP test.
 *
 * Every file is fed as it is, cut at (up to CUTS_MAX) places and with single bytes changed, so
 * that an ordinary test run under ASan also walks the error paths next to each input. The
 * variants are the same in every run. Without arguments the corpus is tests/fuzz/corpus/NAME
 * for a program called fuzz_NAME; that being absent or empty is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CUTS_MAX  400
#define FLIPS_MAX 400

static unsigned tests, failures;

/* A copy of exactly the input's size, so that ASan sees a read behind its end. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void feed_variants(uint8_t *data, size_t size)
{
    size_t step = size / CUTS_MAX + 1;

    for (size_t cut = 0; cut <= size; cut += step)
        feed(data, cut);
    step = size / FLIPS_MAX + 1;
    for (size_t at = 0; at < size; at += step) {
        uint8_t was = data[at];

        data[at] = (uint8_t)(was ^ (1U << (at % 8)));
        feed(data, size);
        data[at] = at % 2 ? 0xff : 0x00;
        feed(data, size);
        data[at] = was;
    }
}

static void report(int good, const char *path)
{
    tests++;
    failures += !good;
    printf("%sok %u - %s\n", good ? "" : "not ", tests, path);
    fflush(stdout);
}

static void replay_file(const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    uint8_t *data;

    if (!f || fstat(fileno(f), &st) != 0 || !(data = malloc((size_t)st.st_size + 1))) {
        report(0, path);
        if (f)
            fclose(f);
        return;
    }
    size_t size = fread(data, 1, (size_t)st.st_size, f);

    fclose(f);
    feed(data, size);
    feed_variants(data, size);
    free(data);
    report(1, path);
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void replay_path(const char *path)
{
    struct dirent **entries;
    struct stat st;
    char file[4096];

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        replay_file(path);
        return;
    }
    int n = scandir(path, &entries, is_visible, alphasort);

    if (n <= 0)
        report(0, path);
    for (int i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        free(entries[i]);
        replay_path(file);
    }
    if (n >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    char corpus[4096];

    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            replay_path(argv[i]);
    } else {
        snprintf(corpus, sizeof corpus, "tests/fuzz/corpus/%s",
                 strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
        replay_path(corpus);
    }
    printf("1..%u\n", tests);
    return failures > 0;
}
