/* Sheets of paper for temporary passwords that are shown, in a file that nobody else reads. */
#ifndef PARVIS_CLI_SHEETS_H
#define PARVIS_CLI_SHEETS_H

#include "cli/client.h"

/**
 * Makes the file that --sheets names, before anybody is invited: what could not be written would be lost. *fd is -1
 * without the flag. EXIT_REFUSED after a sentence when it cannot be made or is there already.
 */
int sheets_open(cli *c, int *fd);
/** Writes a page for each shown password of the answer, and closes; without any, the file goes away again. */
int sheets_write(cli *c, int fd, str slug, const json_t *results);

#endif
