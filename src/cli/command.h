/* What a command is, and what it has at hand. */
#ifndef PARVIS_CLI_COMMAND_H
#define PARVIS_CLI_COMMAND_H

#include "cli/cli.h"
#include "ports/catalog.h"

#include <jansson.h>

typedef struct cli cli;
typedef struct client client;

/** A flag of one command. Its help stands in the catalogue as cli.flag.NAME. */
typedef struct cli_flag {
    const char *name;     /* "expires-in" */
    const char *argument; /* how --help calls the value; "a|b" allows these words alone; NULL: a switch */
    bool required;
} cli_flag;

/** What is typed to take a value away. */
#define NOTHING S("none")

enum { FLAGS_MAX = 24 };

/** One row of spec/commands.yaml. Its summary stands in the catalogue as cli.command.NAME, a dot for each space. */
typedef struct command {
    const char *name;      /* "invitation resend" */
    const char *arguments; /* "INVITATION…"; "" for none */
    const cli_flag *flags; /* ended by name NULL; NULL: none */
    int least, most;       /* how many arguments; most -1: any number */
    int (*run)(cli *c);
    bool makes_data;  /* may start a data folder of its own; the others want one that is there */
    bool queues_mail; /* without a server running: waits a little for the mails to go */
} command;

/** Every command, ended by name NULL. */
extern const command commands[];

/** One run. Everything in it lives as long as the process. */
struct cli {
    arena *a;
    language lang;
    const cli_host *host;
    const command *command;
    settings_source source;
    settings settings;
    str values[FLAGS_MAX]; /* of the command's flags; STR_NONE: not given; a switch: "on" */
    char **args;
    int arg_count;
    bool json, help;
    bool unread;    /* standard output takes nothing more */
    char zone[65];  /* in which the last answer's times are told; empty: UTC */
    client *client; /* opened at the first call */
};

/* ---- arguments ---- */

/**
 * Reads words, flags and arguments into c. EXIT_DONE, with c->command NULL when help on everything is asked for;
 * EXIT_USAGE after a sentence on standard error.
 */
int arguments_read(cli *c, int argc, char **argv);
/** --help: of c->command, or the list of all. */
void help_print(cli *c);
/** The value of a flag of this command; STR_NONE when it was not given. */
str flag_value(const cli *c, const char *name);
/**
 * The next of what a flag with several was given: commas between, as in CSV (RFC 4180), so that one with a comma stands
 * in quotes. STR_NONE after the last. arguments_read has refused quotes that do not close.
 */
str flag_next(arena *a, str *rest);
/** Whether every quote of such a value is closed, and nothing stands behind it but the next comma. */
bool flag_list_is_sound(str value);
/** An argument by its place, STR_NONE past the end. */
str argument(const cli *c, int index);

/* ---- speaking ---- */

typedef struct placeholder {
    const char *name;
    str value;
} placeholder;

/** A text of the catalogue with its placeholders filled. */
str said(cli *c, const char *key, const placeholder *with, size_t count);
#define SAID(c, key, ...)                                \
    said((c), (key), (const placeholder[]){__VA_ARGS__}, \
         sizeof((const placeholder[]){__VA_ARGS__}) / sizeof(placeholder))
/** A text without placeholders. */
str plain_text(cli *c, const char *key);
/** One line on standard error, "parvis: " in front; returns the code, so that a command can end with it. */
int refuse(int code, str sentence);
/** That the server cannot start, and why: instance_open's error. */
int refuse_start(cli *c, err why);
/** Whether such a database can be asked for at all; else refuses it as wrong usage. `name`: what it was given by. */
int check_database(cli *c, str name, str uri);
/** "--expires-in: " and the reason. */
str field_sentence(cli *c, str pointer, str sentence);
/** One line on standard output. */
void say(str line);
/** Hands over what was printed; false when that fails, so that long work can end. */
bool written(cli *c);
/** Without control characters: nobody's name or mail server writes to the operator's terminal. */
str printable(arena *a, str s);

#endif
