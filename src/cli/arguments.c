/*
 * From argv to a command with its arguments and flags. getopt_long does the reading; what it is lenient about
 * (abbreviated flags, any word for an argument) is refused here, for scripts outlive us.
 */
#include "cli/command.h"

#include "base/buf.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

/* Values that getopt gives back: settings first, then the common flags, then the command's own. */
enum {
    GIVEN_SETTING = 1000,
    GIVEN_CONFIG = 2000,
    GIVEN_JSON,
    GIVEN_HELP,
    GIVEN_VERSION,
    GIVEN_FLAG = 3000,
};

static const struct option common[] = {
    {"config", required_argument, NULL, GIVEN_CONFIG},
    {"json", no_argument, NULL, GIVEN_JSON},
    {"help", no_argument, NULL, GIVEN_HELP},
    {"version", no_argument, NULL, GIVEN_VERSION},
};
enum { COMMON_COUNT = sizeof common / sizeof *common };

static size_t flag_count(const command *about)
{
    size_t n = 0;
    while (about && about->flags && about->flags[n].name)
        n++;
    return n;
}

/*
 * What getopt_long wants to know: the common flags, the command's own, and a flag a setting. It takes the first of two
 * that are called alike: `organization set` has flags named as the server's settings.
 */
static const struct option *options_of(cli *c)
{
    size_t own = flag_count(c->command);
    struct option *out = arena_array_of(c->a, struct option, COMMON_COUNT + SETTING_COUNT + own + 1), *o = out;
    for (size_t i = 0; i < COMMON_COUNT; i++)
        *o++ = common[i];
    for (size_t i = 0; i < own; i++) {
        const cli_flag *f = &c->command->flags[i];
        *o++ = (struct option){f->name, f->argument ? required_argument : no_argument, NULL, GIVEN_FLAG + (int)i};
    }
    for (setting_id id = 0; id < SETTING_COUNT; id++)
        *o++ = (struct option){setting_flag(c->a, id).p, required_argument, NULL, GIVEN_SETTING + (int)id};
    return out;
}

static int wrong_sentence(cli *c, str sentence)
{
    str of = c->command ? arena_join(c->a, S("parvis "), str_of(c->command->name)) : S("parvis");
    return refuse(EXIT_USAGE, arena_join(c->a, sentence, S(" "), SAID(c, "cli.usage.see_help", {"command", of})));
}

static int wrong(cli *c, const char *key, const char *name)
{
    return wrong_sentence(c, SAID(c, key, {"name", printable(c->a, str_of(name))}));
}

/*
 * getopt_long takes "--org" for "--organization". A script that relies on it breaks when a flag is added, so we do not.
 */
static bool spelt_out(char **argv, const char *name)
{
    const char *word = argv[optind - 1];
    if (optarg == word)
        word = argv[optind - 2];
    size_t n = strlen(name);
    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, n) == 0 && (word[2 + n] == 0 || word[2 + n] == '=');
}

/* A flag whose argument is "a|b" takes these words alone. */
static bool is_allowed(const char *argument, str value)
{
    str rest = str_of(argument);
    if (!rest.p || str_find_byte(rest, '|') == rest.n)
        return true;
    while (rest.p)
        if (str_eq(str_cut(&rest, '|'), value))
            return true;
    return false;
}

/* "GROUP…": several with commas between, or the flag several times. */
static bool is_list(const char *argument)
{
    str a = str_of(argument), dots = S("…");
    return a.p && a.n > dots.n && str_eq(str_slice(a, a.n - dots.n, a.n), dots);
}

static int take_flag(cli *c, int index)
{
    const cli_flag *f = &c->command->flags[index];
    str value = f->argument ? str_of(optarg) : S("on");
    if (!str_is_utf8(value))
        return wrong(c, "cli.usage.not_utf8", f->name);
    if (!is_allowed(f->argument, value))
        return refuse(EXIT_USAGE,
                      SAID(c, "cli.usage.not_allowed", {"name", str_of(f->name)}, {"allowed", str_of(f->argument)}));
    if (is_list(f->argument) && !flag_list_is_sound(value))
        return refuse(EXIT_USAGE, SAID(c, "cli.usage.quotes", {"name", str_of(f->name)}));
    if (c->values[index].p && is_list(f->argument)) /* given again: one more */
        value = arena_join(c->a, c->values[index], S(","), value);
    c->values[index] = value;
    return EXIT_DONE;
}

static int take(cli *c, int given)
{
    if (given >= GIVEN_FLAG)
        return take_flag(c, given - GIVEN_FLAG);
    switch (given) {
    case GIVEN_CONFIG:
        c->source.config_path = str_of(optarg);
        break;
    case GIVEN_JSON:
        c->json = true;
        break;
    case GIVEN_HELP:
        c->help = true;
        break;
    case GIVEN_VERSION:
        c->command = commands;
        while (strcmp(c->command->name, "version") != 0)
            c->command++;
        break;
    default:
        c->source.flags[given - GIVEN_SETTING] = str_of(optarg);
    }
    return EXIT_DONE;
}

/* Reads flags until the end, or (with "+") until the first word that is none. */
static int read_flags(cli *c, int argc, char **argv, bool stop_at_word)
{
    const struct option *options = options_of(c);
    int given, which = 0;
    const char *letters = stop_at_word ? "+:h" : ":h"; /* -h is what hands type */

    opterr = 0;
    optind = 0; /* GNU: forget the last scan */
    while ((given = getopt_long(argc, argv, letters, options, &which)) != -1) {
        if (given == 'h') {
            c->help = true;
            continue;
        }
        if (given == '?')
            return wrong(c, "cli.usage.unknown_flag", argv[optind - 1]);
        if (given == ':')
            return wrong(c, "cli.usage.value_missing", argv[optind - 1]);
        if (!spelt_out(argv, options[which].name))
            return wrong(c, "cli.usage.unknown_flag", argv[optind - 1]);
        int code = take(c, given);
        if (code != EXIT_DONE)
            return code;
    }
    return EXIT_DONE;
}

/* The command that one or two words name; *words says how many. A group's own word ("mail") names none. */
static const command *command_named(cli *c, const char *first, const char *second, int *words)
{
    str two = second ? arena_join(c->a, str_of(first), S(" "), str_of(second)) : STR_NONE;
    for (const command *each = commands; each->name; each++) {
        bool both = two.p && str_eq(str_of(each->name), two);
        if (both || strcmp(each->name, first) == 0) {
            *words = both ? 2 : 1;
            return each;
        }
    }
    return NULL;
}

/* The second words of a group, "list, show"; STR_NONE when the word is none. */
static str words_of_group(cli *c, const char *word)
{
    str start = arena_join(c->a, str_of(word), S(" ")), out = STR_NONE;
    for (const command *each = commands; each->name; each++) {
        str name = str_of(each->name);
        if (str_starts(name, start))
            out = arena_join(c->a, out, out.p ? S(", ") : S(""), str_slice(name, start.n, name.n));
    }
    return out;
}

static bool asks_for_help(const char *word)
{
    return word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
}

/* Words that name no command: a group that wants help or its second word, or nothing we know. */
static int read_group(cli *c, char **words, const char *second)
{
    str known = words_of_group(c, words[0]);
    if (!known.p)
        return wrong(c, "cli.usage.unknown_command", words[0]);
    if (!c->help && !asks_for_help(second))
        return wrong_sentence(c, SAID(c, "cli.usage.incomplete", {"name", str_of(words[0])}, {"words", known}));
    c->help = true;
    c->args = words;
    c->arg_count = 1;
    return EXIT_DONE;
}

static int check_counts(cli *c)
{
    const command *about = c->command;
    for (size_t i = 0; i < flag_count(about); i++)
        if (about->flags[i].required && !c->values[i].p)
            return wrong(c, "cli.usage.flag_missing", about->flags[i].name);
    if (c->arg_count < about->least)
        return wrong(c, "cli.usage.argument_missing", about->arguments);
    if (about->most >= 0 && c->arg_count > about->most)
        return wrong(c, "cli.usage.argument_extra", c->args[about->most]);
    for (int i = 0; i < c->arg_count; i++)
        if (!str_is_utf8(str_of(c->args[i])))
            return wrong(c, "cli.usage.not_utf8", "?");
    return EXIT_DONE;
}

int arguments_read(cli *c, int argc, char **argv)
{
    int code = read_flags(c, argc, argv, true);
    if (code != EXIT_DONE)
        return code;
    int at = optind, words = 0;
    if (at < argc && strcmp(argv[at], "help") == 0) { /* "help invite" is "--help invite" */
        c->help = true;
        at++;
    }
    if (at == argc)
        return c->command || c->help ? EXIT_DONE : wrong(c, "cli.usage.no_command", "");

    const char *second = at + 1 < argc ? argv[at + 1] : NULL;
    c->command = command_named(c, argv[at], second, &words);
    if (!c->command)
        return read_group(c, argv + at, second);
    code = read_flags(c, argc - at - words + 1, argv + at + words - 1, false);
    if (code != EXIT_DONE)
        return code;
    c->args = argv + at + words - 1 + optind;
    c->arg_count = argc - at - words + 1 - optind;
    return c->help ? EXIT_DONE : check_counts(c);
}
