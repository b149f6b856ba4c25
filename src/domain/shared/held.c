/* The one place that asks the store whose turn it is: find a row, lock it, find it again. */
#include "domain/shared/held.h"

err row_hold(txn *t, held_kind kind, uuid id, const held_row *row)
{
    store_turn turn = store_hold_turn(t, held_of(kind, id));
    if (turn == STORE_HELD && !row->reads_too)
        return OK;
    err e = row->lock(t, turn != STORE_TRY, row->of, &id);
    if (e == OK)
        store_held(t, held_of(kind, id));
    if (e != ERR_NOT_FOUND || turn != STORE_TRY)
        return e;
    if (row->find) /* none such, or somebody has it */
        TRY(row->find(t, row->of, &id));
    return row_hold_first(t, kind, id);
}

err row_hold_first(txn *t, held_kind kind, uuid id)
{
    return store_hold_first(t, held_of(kind, id));
}

err rows_hold(txn *t, held_kind kind, const uuid *there, size_t there_count, const uuid *held, size_t held_count)
{
    size_t at = 0;
    for (size_t i = 0; i < held_count; i++)
        store_held(t, held_of(kind, held[i]));
    for (size_t i = 0; i < there_count; i++)
        if (at < held_count && uuid_eq(held[at], there[i]))
            at++;
        else
            return row_hold_first(t, kind, there[i]);
    return OK;
}
