/*
 * Any bytes as parvis.ini: refused with a sentence that exists, or settings that, written out as `parvis config` shows
 * them, are read again as the same.
 */
#include "base/buf.h"
#include "ports/catalog.h"
#include "ports/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static bool load(arena *a, str text, settings *out, settings_error *error)
{
    static int file = -1;
    static char path[64];
    if (file < 0) {
        file = memfd_create("parvis.ini", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (ftruncate(file, 0) != 0 || pwrite(file, text.p, text.n, 0) != (ssize_t)text.n)
        abort();
    settings_source source = {.config_path = str_of(path)};
    return settings_load(a, &source, out, error);
}

static void check_refusal(arena *a, const settings_error *error)
{
    if (!error->code || !catalog_has(arena_join(a, S("cli.config."), str_of(error->code))))
        abort();
    str name = error->name;
    while (str_find_byte(name, ' ') < name.n)
        name = str_slice(name, str_find_byte(name, ' ') + 1, name.n);
    setting_id id = setting_by_name(name);
    if (id < SETTING_COUNT && setting_about(id)->secret && error->value.n)
        abort();
}

static str written(arena *a, const settings *s)
{
    BUF_SCOPED out = {0};
    for (setting_id id = 0; id < SETTING_COUNT; id++) {
        str value = setting_text(a, s, id);
        if (!str_is_utf8(value) || str_has_control(value))
            abort();
        buf_add(&out, setting_about(id)->name);
        buf_lit(&out, " = ");
        buf_add(&out, value);
        buf_byte(&out, '\n');
    }
    return arena_str(a, buf_str(&out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 14)
        return 0;
    ARENA_SCOPED a = arena_new(16 << 20);
    settings first, second;
    settings_error error = {0};
    if (!load(a, (str){(const char *)data, size}, &first, &error)) {
        check_refusal(a, &error);
        return 0;
    }
    settings_links_reach(&first);
    str shown = written(a, &first);
    if (!load(a, shown, &second, &error) || !str_eq(written(a, &second), shown))
        abort();
    return 0;
}
