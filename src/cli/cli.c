/* From main's arguments to an exit code: language, settings, then the command that the table names. */
#include "cli/cli.h"

#include "base/log.h"
#include "cli/client.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 512 * 1024 * 1024 };

/* As gettext looks for it: the first of these that is set. */
static language language_of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "fr", 2) == 0 ? LANG_FR : LANG_EN;
    }
    return LANG_EN;
}

static int refuse_settings(cli *c, const settings_error *e)
{
    str key = arena_join(c->a, S("cli.config."), str_of(e->code));
    return refuse(EXIT_USAGE, SAID(c, key.p, {"name", printable(c->a, e->name)}, {"value", printable(c->a, e->value)},
                                   {"allowed", e->allowed}));
}

/* What only the database's own library can judge. */
static int check_settings(cli *c)
{
    static const str names[] = {
        [ORIGIN_DEFAULT] = S_INIT("database"),
        [ORIGIN_FILE] = S_INIT("parvis.ini: database"),
        [ORIGIN_ENVIRONMENT] = S_INIT("PARVIS_DATABASE"),
        [ORIGIN_FLAG] = S_INIT("--database"),
    };
    return check_database(c, names[c->settings.origin[SETTING_DATABASE]], c->settings.database);
}

static int run(cli *c, int argc, char **argv)
{
    settings_error error;
    int code = arguments_read(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    if (c->help) {
        help_print(c);
        return EXIT_DONE;
    }
    if (!settings_load(c->a, &c->source, &c->settings, &error))
        return refuse_settings(c, &error);
    code = check_settings(c);
    if (code != EXIT_DONE)
        return code;

    /* A command that serves itself for a moment says what goes wrong; `serve` says what the settings want. */
    log_level least = (log_level)c->settings.log_level;
    if (strcmp(c->command->name, "serve") != 0 && c->settings.origin[SETTING_LOG_LEVEL] == ORIGIN_DEFAULT)
        least = LOG_WARNING;
    log_setup(least, c->settings.log_format == LOG_FORMAT_JSON);
    code = c->command->run(c);
    client_close(c);
    return code;
}

static bool is_pipe(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && (S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode));
}

int cli_main(int argc, char **argv, const cli_host *host)
{
    ARENA_SCOPED a = arena_new(ARENA_BYTES);
    cli c = {.a = a, .host = host, .lang = language_of_environment(), .source.environment = environ};

    umask(077); /* databases, mails, keys and sockets are their owner's alone */
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, "C.UTF-8"); /* for wcwidth */
    int code = run(&c, argc, argv);
    if (!written(&c)) {
        code = code == EXIT_DONE ? EXIT_REFUSED : code;
        if (!is_pipe(STDOUT_FILENO)) /* whoever closed a pipe knows */
            refuse(code, plain_text(&c, "cli.server.cannot_write"));
    }
    return code;
}
