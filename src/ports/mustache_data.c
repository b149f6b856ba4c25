/* The values that templates are rendered from: a small tree in an arena, which nobody frees by itself. */
#include "ports/mustache_tree.h"

static mval *new_of(arena *a, mval_kind kind)
{
    mval *v = arena_new_of(a, mval);
    v->kind = kind;
    v->a = a;
    return v;
}

mval *m_object(arena *a)
{
    return new_of(a, MVAL_OBJECT);
}

mval *m_list(arena *a)
{
    return new_of(a, MVAL_LIST);
}

mval *m_str(arena *a, str s)
{
    mval *v = new_of(a, s.p ? MVAL_STR : MVAL_NONE);
    v->text = s;
    return v;
}

mval *m_int(arena *a, int64_t n)
{
    mval *v = new_of(a, MVAL_INT);
    v->number = n;
    return v;
}

mval *m_bool(arena *a, bool b)
{
    mval *v = new_of(a, MVAL_BOOL);
    v->truth = b;
    return v;
}

/* The newest goes first: looking a name up finds the last one set. */
void m_set(mval *object, str name, mval *value)
{
    mval_item *item = arena_new_of(object->a, mval_item);
    *item = (mval_item){name, value, object->items.first};
    object->items.first = item;
}

void m_set_str(mval *object, str name, str s)
{
    m_set(object, name, m_str(object->a, s));
}

void m_set_int(mval *object, str name, int64_t n)
{
    m_set(object, name, m_int(object->a, n));
}

void m_set_bool(mval *object, str name, bool b)
{
    m_set(object, name, m_bool(object->a, b));
}

mval *m_set_object(mval *object, str name)
{
    mval *v = m_object(object->a);
    m_set(object, name, v);
    return v;
}

mval *m_set_list(mval *object, str name)
{
    mval *v = m_list(object->a);
    m_set(object, name, v);
    return v;
}

void m_add(mval *list, mval *value)
{
    mval_item *item = arena_new_of(list->a, mval_item);
    *item = (mval_item){.value = value};
    if (list->items.last)
        list->items.last->next = item;
    else
        list->items.first = item;
    list->items.last = item;
}

mval *m_add_object(mval *list)
{
    mval *v = m_object(list->a);
    m_add(list, v);
    return v;
}
