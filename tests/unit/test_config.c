/* The settings: which source wins, what is refused and how it is told, what is shown. */
#include "ports/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define EQ(have, want) assert_eq((have), S(want), __LINE__)

static void assert_eq(str have, str want, int line)
{
    if (!str_eq(have, want))
        fail_msg("line %d: have \"%.*s\", want \"%.*s\"", line, STR_FMT(have), STR_FMT(want));
}

typedef struct fixture {
    arena *a;
    char path[64];
    settings_source source;
    settings s;
    settings_error error;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->a = arena_new(4 * 1024 * 1024);
    snprintf(f->path, sizeof f->path, "/tmp/parvis-config-%d.ini", (int)getpid());
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    unlink(f->path);
    arena_free(f->a);
    free(f);
    return 0;
}

static void write_ini(fixture *f, str text)
{
    FILE *out = fopen(f->path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text.p, 1, text.n, out), text.n);
    fclose(out);
    f->source.config_path = str_of(f->path);
}

static bool load(fixture *f)
{
    return settings_load(f->a, &f->source, &f->s, &f->error);
}

static bool load_flag(fixture *f, setting_id id, const char *value)
{
    f->source.flags[id] = str_of(value);
    bool ok = load(f);
    f->source.flags[id] = STR_NONE;
    return ok;
}

static void defaults_stand_in_the_data_folder(void **state)
{
    fixture *f = *state;
    assert_true(load_flag(f, SETTING_DATA, "/srv/parvis/"));
    EQ(f->s.data, "/srv/parvis");
    EQ(f->s.key_file, "/srv/parvis/key");
    EQ(f->s.database, "sqlite:/srv/parvis/parvis.db");
    EQ(f->s.mail, "file:/srv/parvis/mail");
    EQ(f->s.public_url, "");
    assert_int_equal(f->s.listen.count, 1);
    EQ(f->s.listen.items[0], "127.0.0.1:8080");
    assert_int_equal(f->s.trusted_proxies.count, 0);
    assert_true(f->s.rate_limits);
    assert_int_equal(f->s.session_lifetime, 30LL * MSEC_DAY);
    assert_int_equal(f->s.log_level, LOG_LEVEL_INFO);
    assert_int_equal(f->s.origin[SETTING_KEY_FILE], ORIGIN_DEFAULT);
    assert_int_equal(f->s.origin[SETTING_DATA], ORIGIN_FLAG);
}

static void flag_beats_environment_beats_file_beats_default(void **state)
{
    fixture *f = *state;
    char *environment[] = {"PARVIS_LOG_LEVEL=warning", "PARVIS_HTTP_THREADS=3", "PARVIS_RATE_LIMITS=", "OTHER=1", NULL};
    f->source.environment = environment;
    f->source.flags[SETTING_HTTP_THREADS] = S("4");
    write_ini(
        f, S("# ours\nlog_level = error\nhttp_threads=5\nrate_limits = off\nmail_from = A ;not a comment <a@b.fr>\n"));
    assert_true(load(f));
    assert_int_equal(f->s.http_threads, 4);
    assert_int_equal(f->s.origin[SETTING_HTTP_THREADS], ORIGIN_FLAG);
    assert_int_equal(f->s.log_level, LOG_LEVEL_WARNING);
    assert_int_equal(f->s.origin[SETTING_LOG_LEVEL], ORIGIN_ENVIRONMENT);
    assert_false(f->s.rate_limits);
    assert_int_equal(f->s.origin[SETTING_RATE_LIMITS], ORIGIN_FILE);
    EQ(f->s.mail_from, "A ;not a comment <a@b.fr>");
    assert_int_equal(f->s.origin[SETTING_LISTEN], ORIGIN_DEFAULT);
}

static void lists_take_commas_and_spaces(void **state)
{
    fixture *f = *state;
    assert_true(load_flag(f, SETTING_LISTEN, "127.0.0.1:0, [::1]:80  unix:/run/p.sock"));
    assert_int_equal(f->s.listen.count, 3);
    EQ(f->s.listen.items[1], "[::1]:80");
    EQ(f->s.listen.items[2], "unix:/run/p.sock");
    EQ(setting_text(f->a, &f->s, SETTING_LISTEN), "127.0.0.1:0, [::1]:80, unix:/run/p.sock");
}

static void of_a_list_the_item_that_is_wrong_is_named(void **state)
{
    static const struct {
        setting_id id;
        const char *value, *item;
    } rows[] = {
        {SETTING_LISTEN, "127.0.0.1:80, 8080", "8080"},
        {SETTING_LISTEN, "[::1]:80 [127.0.0.1]:80", "[127.0.0.1]:80"},
        {SETTING_LISTEN, "http://127.0.0.1:80", "http://127.0.0.1:80"},
        {SETTING_LISTEN, "[]:80", "[]:80"},
        {SETTING_TRUSTED_PROXIES, "10.0.0.0/8, proxy.example.org", "proxy.example.org"},
        {SETTING_TRUSTED_PROXIES, "10.0.0.0/33", "10.0.0.0/33"},
        {SETTING_TRUSTED_PROXIES, "fd00::/129 ::1", "fd00::/129"},
        {SETTING_TRUSTED_PROXIES, "10.0.0.0/", "10.0.0.0/"},
        {SETTING_TRUSTED_PROXIES, "::1,10.0.0.1:80", "10.0.0.1:80"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (load_flag(f, rows[i].id, rows[i].value))
            fail_msg("taken: %s", rows[i].value);
        assert_string_equal(f->error.code, "bad_item");
        assert_true(str_eq(f->error.value, str_of(rows[i].item)));
        assert_true(f->error.allowed.n > 0);
    }
    assert_true(load_flag(f, SETTING_TRUSTED_PROXIES, "10.0.0.0/8, 192.0.2.7 fd00::/9 unix: unix:/run/p.sock"));
    assert_int_equal(f->s.trusted_proxies.count, 5);
    assert_true(load_flag(f, SETTING_LISTEN, "[fe80::1%eth0]:80 localhost:0"));
}

/* sun_path has 108 bytes with its NUL, and "/command.sock" stands behind the folder. */
static void a_path_is_as_long_as_a_socket_can_be_called(void **state)
{
    fixture *f = *state;
    char path[120] = "unix:/";
    memset(path + 6, 'x', 106);
    assert_true(load_flag(f, SETTING_LISTEN, path));
    assert_true(load_flag(f, SETTING_TRUSTED_PROXIES, path));
    path[112] = 'x';
    assert_false(load_flag(f, SETTING_LISTEN, path));
    assert_false(load_flag(f, SETTING_TRUSTED_PROXIES, path));

    path[5 + 94] = '\0';
    assert_true(load_flag(f, SETTING_DATA, path + 5));
    path[5 + 94] = 'x';
    path[5 + 95] = '\0';
    assert_false(load_flag(f, SETTING_DATA, path + 5));
    assert_string_equal(f->error.code, "too_long");
    EQ(f->error.allowed, "94");
}

static void values_are_checked(void **state)
{
    static const struct {
        setting_id id;
        const char *value, *code;
    } rows[] = {
        {SETTING_LISTEN, "8080", "bad_item"},
        {SETTING_LISTEN, ":8080", "bad_item"},
        {SETTING_LISTEN, "localhost:http", "bad_item"},
        {SETTING_LISTEN, "127.0.0.1:65536", "bad_item"},
        {SETTING_LISTEN, "::1:80", "bad_item"},
        {SETTING_LISTEN, "unix:", "bad_item"},
        {SETTING_LISTEN, " , ", "bad_form"},
        {SETTING_PUBLIC_URL, "parvis.example.org", "bad_form"},
        {SETTING_PUBLIC_URL, "ftp://parvis.example.org", "bad_form"},
        {SETTING_PUBLIC_URL, "https://", "bad_form"},
        {SETTING_PUBLIC_URL, "https://parvis.example.org/path", "bad_form"},
        {SETTING_PUBLIC_URL, "https://parvis.example.org?x", "bad_form"},
        {SETTING_PUBLIC_URL, "https://me@parvis.example.org", "bad_form"},
        {SETTING_PUBLIC_URL, "https://a b", "bad_form"},
        {SETTING_PUBLIC_URL, "https://a\"b", "bad_form"},
        {SETTING_PUBLIC_URL, "https://a:0", "bad_form"},
        {SETTING_PUBLIC_URL, "https://a\r\nX: y", "not_text"},
        {SETTING_DATA, "", "bad_form"},
        {SETTING_DATABASE, "sqlite:", "bad_form"},
        {SETTING_DATABASE, "postgresql://db.example/parvis?password=secret", "bad_form"},
        {SETTING_DATABASE, "postgresql://db.example/parvis?sslmode=require&sslpassword=secret", "bad_form"},
        {SETTING_DATABASE, "postgresql://db.example/parvis?%70assword=secret", "bad_form"},
        {SETTING_MAIL, "smtp://", "bad_form"},
        {SETTING_MAIL, "http://mail.example.org", "bad_form"},
        {SETTING_MAIL, "smtp://mail.example.org:587?tls=on", "bad_form"},
        {SETTING_MAIL, "smtp://mail.example.org:0", "bad_form"},
        {SETTING_MAIL, "smtp://me:100%@mail.example.org", "bad_form"},
        {SETTING_MAIL_FROM, "parvis", "bad_form"},
        {SETTING_MAIL_FROM, "Parvis <p@example.org>\r\nBcc: x@y", "not_text"},
        {SETTING_RATE_LIMITS, "yes", "not_allowed"},
        {SETTING_LOG_LEVEL, "INFO", "not_allowed"},
        {SETTING_LOG_FORMAT, "", "not_allowed"},
        {SETTING_HTTP_THREADS, "0", "not_a_number"},
        {SETTING_HTTP_THREADS, "65", "not_a_number"},
        {SETTING_HTTP_THREADS, "-1", "not_a_number"},
        {SETTING_HTTP_THREADS, "2x", "not_a_number"},
        {SETTING_HTTP_THREADS, "99999999999999999999", "not_a_number"},
        {SETTING_SESSION_LIFETIME, "59m", "not_a_duration"},
        {SETTING_SESSION_LIFETIME, "366d", "not_a_duration"},
        {SETTING_SESSION_LIFETIME, "7", "not_a_duration"},
        {SETTING_KEY_FILE, "\xff", "not_text"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (load_flag(f, rows[i].id, rows[i].value))
            fail_msg("taken: %s", rows[i].value);
        assert_string_equal(f->error.code, rows[i].code);
        assert_true(str_starts(f->error.name, S("--")));
    }
    assert_true(load_flag(f, SETTING_PUBLIC_URL, "https://parvis.example.org:8443/"));
    EQ(f->s.public_url, "https://parvis.example.org:8443");
    assert_true(load_flag(f, SETTING_PUBLIC_URL, "http://[::1]:8080"));
    assert_true(load_flag(f, SETTING_MAIL, "smtp://u:p/w@mail.example.org:587"));
}

static void the_file_is_read_strictly(void **state)
{
    static const struct {
        str text;
        const char *code, *name;
    } rows[] = {
        {S_INIT("log_level = info\nlog_levle = info\n"), "unknown_key", ":2: log_levle"},
        {S_INIT("[server]\nlog_level = info\n"), "unknown_key", ":2: [server] log_level"},
        {S_INIT("log_level = info\nlog_level = error\n"), "twice", ":2: log_level"},
        {S_INIT("log_level = info\nwhat is this\n"), "not_ini", ":2"},
        {S_INIT("log_level = loud\n"), "not_allowed", ": log_level"},
        {S_INIT("data = a\0b\n"), "not_utf8", ".ini:1"},
        {S_INIT("# ours\n\nmail_from = Caf\xe9 <a@b.fr>\nlog_level = info\n"), "not_utf8", ".ini:3"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_ini(f, rows[i].text);
        assert_false(load(f));
        assert_string_equal(f->error.code, rows[i].code);
        if (!str_ends(f->error.name, str_of(rows[i].name)))
            fail_msg("row %zu: named %.*s", i, STR_FMT(f->error.name));
    }
}

static void a_file_of_another_systems_is_the_same(void **state)
{
    fixture *f = *state;
    write_ini(f, S("\xEF\xBB\xBFlog_level = error\r\nhttp_threads = 5\r\n\r\n"));
    assert_true(load(f));
    assert_int_equal(f->s.log_level, LOG_LEVEL_ERROR);
    assert_int_equal(f->s.http_threads, 5);
}

static void long_lines_are_whole_or_refused(void **state)
{
    fixture *f = *state;
    char line[9000] = "key_file = /";
    memset(line + 12, 'x', 5000);
    line[5012] = '\n';
    write_ini(f, (str){line, 5013});
    assert_true(load(f));
    assert_int_equal(f->s.key_file.n, 5001);

    memset(line + 12, 'x', sizeof line - 12);
    write_ini(f, (str){line, sizeof line});
    assert_false(load(f));
    assert_string_equal(f->error.code, "not_ini");
    assert_true(str_ends(f->error.name, S(".ini:1")));
}

static void a_named_file_must_be_there(void **state)
{
    fixture *f = *state;
    f->source.config_path = S("/nowhere/parvis.ini");
    assert_false(load(f));
    assert_string_equal(f->error.code, "no_file");
    f->source.config_path = S("/tmp");
    assert_false(load(f));
    assert_string_equal(f->error.code, "unreadable_file");
}

static void passwords_are_never_shown(void **state)
{
    fixture *f = *state;
    assert_true(load_flag(f, SETTING_MAIL, "smtps://me:s3:cr/e@t@mail.example.org:465"));
    EQ(setting_text(f->a, &f->s, SETTING_MAIL), "smtps://me:***@mail.example.org:465");
    assert_true(load_flag(f, SETTING_MAIL, "smtp://mail.example.org"));
    EQ(setting_text(f->a, &f->s, SETTING_MAIL), "smtp://mail.example.org");
    assert_false(load_flag(f, SETTING_MAIL, "smtp:me:s3cret@mail"));
    EQ(f->error.value, "");
}

static void links_must_reach_whom_mails_reach(void **state)
{
    static const struct {
        const char *mail, *url;
        bool good;
    } rows[] = {
        {"file:/tmp/m", "", true},
        {"smtp://127.0.0.1:2525", "", true},
        {"smtp://[::1]:2525", "http://localhost:8080", true},
        {"smtp://mail.example.org", "", false},
        {"smtp://mail.example.org", "http://localhost:8080", false},
        {"smtp://u:p@mail.example.org", "http://127.0.0.9", false},
        {"smtp://127.0.0.1@mail.example.org", "http://[::1]:80", false},
        {"smtps://mail.example.org", "https://parvis.example.org", true},
        {"smtps://127.example.org", "", false},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        f->source.flags[SETTING_MAIL] = str_of(rows[i].mail);
        f->source.flags[SETTING_PUBLIC_URL] = str_of(rows[i].url);
        assert_true(load(f));
        if (settings_links_reach(&f->s) != rows[i].good)
            fail_msg("row %zu", i);
    }
}

static void names_flags_and_variables_agree(void **state)
{
    fixture *f = *state;
    for (setting_id id = 0; id < SETTING_COUNT; id++) {
        assert_int_equal(setting_by_name(setting_about(id)->name), id);
        assert_int_equal(setting_by_flag(setting_flag(f->a, id)), id);
    }
    EQ(setting_flag(f->a, SETTING_PUBLIC_URL), "public-url");
    assert_string_equal(setting_about(SETTING_PUBLIC_URL)->variable, "PARVIS_PUBLIC_URL");
    assert_int_equal(setting_by_name(S("public-url")), SETTING_COUNT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(defaults_stand_in_the_data_folder),
        TEST(flag_beats_environment_beats_file_beats_default),
        TEST(lists_take_commas_and_spaces),
        TEST(values_are_checked),
        TEST(the_file_is_read_strictly),
        TEST(long_lines_are_whole_or_refused),
        TEST(a_named_file_must_be_there),
        TEST(passwords_are_never_shown),
        TEST(links_must_reach_whom_mails_reach),
        TEST(names_flags_and_variables_agree),
        TEST(a_file_of_another_systems_is_the_same),
        TEST(of_a_list_the_item_that_is_wrong_is_named),
        TEST(a_path_is_as_long_as_a_socket_can_be_called),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
