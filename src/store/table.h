/*
 * The tables as the migrations leave them, compiled in by tools/schema_tables.py, for work that treats all of them
 * alike. Their keys order rows the same way on both engines: bytes by bytes, numbers by size.
 */
#ifndef PARVIS_STORE_TABLE_H
#define PARVIS_STORE_TABLE_H

#include "store/store.h"

typedef struct table_info {
    const char *name;
    const char *const *columns; /* their names */
    const column_type *types;
    const uint16_t *key; /* places of the primary key's columns, in the key's order */
    uint16_t type_count, key_count;

    /* Statements; every row is all of its columns. */
    const char *count; /* how many rows */
    const char *any;   /* 1 when there are rows, else 0 */
    const char *first; /* the first $1 rows by the key */
    const char *next;  /* rows after the key $1 … $n; how many: the parameter after these */
    const char *insert;
    const char *receive; /* PostgreSQL's COPY */
} table_info;

/** Each stands after those that it refers to. */
typedef struct table_set {
    const table_info *p;
    size_t n;
} table_set;

#endif
