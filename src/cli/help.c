/*
 * Help made from the tables of commands and settings and from the catalogue: what is not in them cannot be described
 * wrongly.
 */
#include "cli/command.h"
#include "cli/table.h"

#include <stdio.h>

/* "cli.command.invitation.resend" */
static str summary(cli *c, const command *about)
{
    str key = arena_join(c->a, S("cli.command."), str_of(about->name));
    char *dots = arena_alloc(c->a, key.n);
    for (size_t i = 0; i < key.n; i++)
        dots[i] = key.p[i] == ' ' ? '.' : key.p[i];
    return catalog_text(c->lang, (str){dots, key.n});
}

/* "  --role member|administrator  what it means": the left side padded, long ones on a line of their own. */
static void row(str left, str right)
{
    enum { INDENT = 2, COLUMN = 34 };
    size_t width = text_width(left) + INDENT;
    printf("%*s%.*s", INDENT, "", STR_FMT(left));
    if (width + 2 > COLUMN)
        printf("\n%*s", COLUMN, "");
    else
        printf("%*s", (int)(COLUMN - width), "");
    printf("%.*s\n", STR_FMT(right));
}

static void heading(cli *c, const char *key)
{
    printf("\n%.*s\n", STR_FMT(plain_text(c, key)));
}

static void flag_row(cli *c, str name, str value, str help)
{
    str left = arena_join(c->a, S("--"), name, value.n ? S(" ") : S(""), value);
    row(left, help);
}

static void common_rows(cli *c)
{
    heading(c, "cli.help.common");
    flag_row(c, S("config"), S("FILE"), plain_text(c, "cli.flag.config"));
    flag_row(c, S("json"), S(""), plain_text(c, "cli.flag.json"));
    flag_row(c, S("help"), S(""), plain_text(c, "cli.flag.help"));
}

static void setting_rows(cli *c)
{
    heading(c, "cli.help.settings");
    for (setting_id id = 0; id < SETTING_COUNT; id++) {
        const setting_info *about = setting_about(id);
        str help = catalog_text(c->lang, arena_join(c->a, S("cli.setting."), about->name));
        if (!str_empty(about->fallback))
            help = arena_join(c->a, help, S(" ["), about->fallback, S("]"));
        flag_row(c, setting_flag(c->a, id), about->argument, help);
    }
}

/* What a flag means; where a command means something of its own by it, that. */
static str flag_help(cli *c, const command *about, const cli_flag *f)
{
    str own = arena_join(c->a, S("cli.flag."), str_of(about->name), S("."), str_of(f->name));
    str key = catalog_has(own) ? own : arena_join(c->a, S("cli.flag."), str_of(f->name));
    str help = catalog_text(c->lang, key);
    return f->required ? arena_join(c->a, help, S(" "), plain_text(c, "cli.help.required")) : help;
}

static void command_help(cli *c)
{
    const command *about = c->command;
    printf("%.*s parvis %s%s%s%s\n", STR_FMT(plain_text(c, "cli.help.usage")), about->name,
           about->flags ? " [--FLAG …]" : "", *about->arguments ? " " : "", about->arguments);
    printf("\n%.*s\n", STR_FMT(summary(c, about)));
    if (about->flags)
        heading(c, "cli.help.flags");
    for (const cli_flag *f = about->flags; f && f->name; f++) {
        str help = flag_help(c, about, f);
        flag_row(c, str_of(f->name), f->argument ? str_of(f->argument) : S(""), help);
    }
    common_rows(c);
    if (strcmp(about->name, "serve") == 0 || strcmp(about->name, "config") == 0)
        setting_rows(c);
    else
        printf("\n%.*s\n", STR_FMT(plain_text(c, "cli.help.settings_elsewhere")));
}

void help_print(cli *c)
{
    if (c->command) {
        command_help(c);
        return;
    }
    str group = c->arg_count ? arena_join(c->a, str_of(c->args[0]), S(" ")) : S("");
    printf("%.*s parvis COMMAND [--FLAG …]\n", STR_FMT(plain_text(c, "cli.help.usage")));
    heading(c, "cli.help.commands");
    for (const command *each = commands; each->name; each++)
        if (str_starts(str_of(each->name), group))
            row(str_of(each->name), summary(c, each));
    common_rows(c);
    printf("\n%.*s\n", STR_FMT(plain_text(c, "cli.help.more")));
}
