/* What people see: aligned tables and sheets, cut to the terminal's width; and JSON for programs. */
#ifndef PARVIS_CLI_TABLE_H
#define PARVIS_CLI_TABLE_H

#include "cli/client.h"

/** One column of a table, or one line of a sheet. Titles stand in the catalogue as cli.column.TITLE. */
typedef struct table_column {
    const char *title;
    const answer_path *path;                  /* in each item */
    str (*show)(cli *c, const json_t *value); /* NULL: show_text */
} table_column;                               /* a list of them ends with title NULL */

/** Ways to show a value; all give "–" for null and absent. */
str show_text(cli *c, const json_t *value);
str show_time(cli *c, const json_t *value); /* local, to the minute */
/** The same; what ends with a day, as that day. */
str show_end(cli *c, const json_t *value);
str show_word(cli *c, const json_t *value); /* a word of the interface ("pending"), in the reader's language */
str show_name(cli *c, const json_t *value); /* an object with given_name and family_name */

/** How many columns a terminal needs for it. */
size_t text_width(str s);

/** Prints rows under titles (`titles` false: goes on under an earlier page). */
void table_print(cli *c, const table_column *columns, const json_t *items, bool titles);
/** Prints one object, a line a column; lines whose value is null or absent are left out. */
void sheet_print(cli *c, const table_column *columns, const json_t *object);
/** Prints one JSON document on one line. */
void json_print(const json_t *value);

/** Fetches a list to its end, page by page: a JSON object a line, or a table; `empty` is said when there is nothing. */
int list_print(cli *c, str path, const table_column *columns, const char *empty);
/** Fetches one object and prints it. */
int object_print(cli *c, str path, const table_column *columns);

/** Shows how far long work has come, on standard error when that is a terminal. done == total ends the line. */
void progress(size_t done, size_t total);
/** Takes the bar away for a moment, before lines go to standard output. */
void progress_hide(void);

#endif
