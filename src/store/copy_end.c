/* One end of a copy: small questions to it, and what went wrong with the whole. */
#include "store/copy_parts.h"

err copy_refuse(copy *c, copy_refusal why, const char *table)
{
    c->why = why;
    c->at = table;
    return ERR_CONFLICT;
}

err copy_went(copy *c, err e)
{
    if (e != OK && c->why == COPY_FINE)
        c->why = COPY_BROKEN;
    return e;
}

err end_run(copy_end *end, const char *sql)
{
    return end->engine->ask(end, sql, NULL, 0, NULL, 0, NULL, NULL);
}

err end_number(copy_end *end, const char *sql, int64_t *out)
{
    static const column_type types[] = {COLUMN_INT};
    BUF_SCOPED rows = {0};
    cell value;
    *out = 0;
    TRY(end->engine->ask(end, sql, NULL, 0, types, 1, &rows, NULL));
    str rest = buf_str(&rows);
    if (row_take(&rest, types, 1, &value))
        *out = cell_number(&value);
    return OK;
}
