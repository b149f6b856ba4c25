/* What other commands say of groups and entitlements. */
#ifndef PARVIS_CLI_OPTION_H
#define PARVIS_CLI_OPTION_H

#include "cli/command.h"

/** A group's id, by id or by name. EXIT_REFUSED after a sentence when none is called so. */
int group_of(cli *c, str slug, str named, str *id);
/**
 * The groups that a flag names, by id or name as flag_next reads them, as a JSON array; NULL for none. The caller owns
 * it. EXIT_REFUSED after a sentence, and NULL.
 */
int group_list_of(cli *c, str slug, str named, json_t **out);
/** "offline=on,mobile=off" as a JSON object; NULL for STR_NONE. The caller owns it. Where it is none: false, NULL. */
bool entitlements_read(cli *c, str given, json_t **out);

#endif
