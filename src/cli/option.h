/* What other commands say of groups and entitlements. */
#ifndef PARVIS_CLI_OPTION_H
#define PARVIS_CLI_OPTION_H

#include "cli/command.h"

/**
 * The groups that a flag names, by id or name with commas between, as a JSON array; NULL for none. The caller owns it.
 * EXIT_REFUSED after a sentence, and NULL.
 */
int group_list_of(cli *c, str slug, str named, json_t **out);
/** "offline=on,mobile=off" as a JSON object; NULL for STR_NONE. The caller owns it. Where it is none: false, NULL. */
bool entitlements_read(str given, json_t **out);

#endif
