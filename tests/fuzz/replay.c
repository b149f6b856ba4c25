/*
 * Runs a fuzz target over the files of folders, without a fuzzer: replay TARGET FOLDER… A target ends the program when
 * what must hold does not. TARGETS, an X() for each, comes from meson.build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int target_function(const uint8_t *data, size_t size);
#define X(name) target_function fuzz_##name;
TARGETS
#undef X

static const struct {
    const char *name;
    target_function *run;
} targets[] = {
#define X(name) {#name, fuzz_##name},
    TARGETS
#undef X
};

static void run_file(target_function *run, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        exit(2);
    size_t size = (size_t)ftell(f);
    uint8_t *data = malloc(size ? size : 1); /* as long as the file, so that the sanitizer sees who reads beyond */
    rewind(f);
    if (!data || fread(data, 1, size, f) != size)
        exit(2);
    run(data, size);
    free(data);
    fclose(f);
}

static int run_folder(target_function *run, const char *folder)
{
    int count = 0;
    char path[4096];
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        run_file(run, path);
        count++;
    }
    if (d)
        closedir(d);
    return count;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof targets / sizeof *targets; i++) {
        if (strcmp(targets[i].name, argv[1]) != 0)
            continue;
        int count = run_folder(targets[i].run, argv[2]);
        if (count == 0)
            break; /* no seeds */
        for (int folder = 3; folder < argc; folder++)
            count += run_folder(targets[i].run, argv[folder]);
        printf("%s: %d files\n", argv[1], count);
        return 0;
    }
    fprintf(stderr, "replay: no such target, or no seeds\n");
    return 2;
}
