/* What was given to the command: the words and flags that arguments.c has read. */
#include "cli/command.h"

str flag_value(const cli *c, const char *name)
{
    for (size_t i = 0; c->command && c->command->flags && c->command->flags[i].name; i++)
        if (strcmp(c->command->flags[i].name, name) == 0)
            return c->values[i];
    return STR_NONE;
}

str argument(const cli *c, int index)
{
    return index < c->arg_count ? str_of(c->args[index]) : STR_NONE;
}
