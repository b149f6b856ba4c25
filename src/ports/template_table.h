/* The tables that tools/gen_templates.py writes: for template.c and the test that checks every template. */
#ifndef PARVIS_PORTS_TEMPLATE_TABLE_H
#define PARVIS_PORTS_TEMPLATE_TABLE_H

#include "ports/template.h"

typedef struct template_source {
    str name, source;
} template_source;
extern const template_source template_sources[]; /* sorted by name */
extern const size_t template_count;

typedef struct asset_row {
    str name; /* plain */
    asset asset;
} asset_row;
extern const asset_row asset_rows[]; /* sorted by asset.path */
extern const size_t asset_count;

#endif
