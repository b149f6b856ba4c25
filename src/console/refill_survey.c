/*
 * One walk over the page's tags, with a stack of what surrounds a field: its label, its group, what folds it away. Then
 * the form is chosen.
 */
#include "console/refill_survey.h"

enum { BOXES_MOST = 64 };

typedef enum box_kind { BOX_OTHER, BOX_FIELD, BOX_GROUP, BOX_LABEL, BOX_FOLD } box_kind;

/* What is open around a field. */
typedef struct box {
    box_kind kind;
    tag tag;
    size_t first; /* control that may stand in it */
    str legend;
} box;

typedef struct label {
    str of, text;
} label;

typedef struct walk {
    arena *a;
    str page;
    const refill *what;
    survey *s;
    label *labels;
    size_t label_count;
    box boxes[BOXES_MOST];
    size_t depth, too_deep;
    size_t form, text_from; /* open: a form; a label's or legend's text */
    size_t choice;          /* the select that is open; NO_FORM */
} walk;

static bool is_any(str name, const char *const *names)
{
    while (*names && !str_eq(name, str_of(*names)))
        names++;
    return *names != NULL;
}

/* ---- forms ---- */

static bool leads_there(const walk *w, const tag *t, str attribute)
{
    str path = tag_value(w->a, w->page, t, attribute);
    return path.p && str_eq(str_cut(&path, '?'), w->what->path);
}

static void open_form(walk *w, const tag *t)
{
    str method = tag_value(w->a, w->page, t, S("method"));
    w->form = w->s->form_count++;
    w->s->forms[w->form] = (form){
        .tag = *t,
        .id = tag_value(w->a, w->page, t, S("id")),
        .end = t->all.to,
        .leads = str_eq_nocase(method, w->what->method) && leads_there(w, t, S("action")),
    };
}

/* ---- what surrounds ---- */

static box_kind kind_of_box(const walk *w, const tag *t)
{
    if (str_eq(t->name, S("fieldset")))
        return BOX_GROUP;
    if (str_eq(t->name, S("label")))
        return BOX_LABEL;
    if (str_eq(t->name, S("details")))
        return BOX_FOLD;
    return tag_has_word(w->page, t, S("class"), S("field")) ? BOX_FIELD : BOX_OTHER;
}

static const box *surrounding(const walk *w, box_kind kind)
{
    for (size_t i = w->depth; i-- > 0;)
        if (w->boxes[i].kind == kind)
            return &w->boxes[i];
    return NULL;
}

static void open_box(walk *w, const tag *t)
{
    if (w->depth == BOXES_MOST) {
        w->too_deep++;
        return;
    }
    w->boxes[w->depth++] = (box){.kind = kind_of_box(w, t), .tag = *t, .first = w->s->control_count};
    if (str_eq(t->name, S("label")))
        w->text_from = t->all.to;
}

/* A label names by its `for`, or what it holds. */
static void name_by_label(walk *w, const box *b, str text)
{
    str of = tag_value(w->a, w->page, &b->tag, S("for"));
    if (of.p)
        w->labels[w->label_count++] = (label){of, text};
    for (size_t i = b->first; i < w->s->control_count; i++)
        if (!w->s->controls[i].label.p)
            w->s->controls[i].label = text;
}

/* Where a sentence about a field stands: at the end of its own box or group, else behind its label. */
static void close_box(walk *w, const tag *t)
{
    if (w->too_deep) {
        w->too_deep--;
        return;
    }
    if (!w->depth)
        return;
    box b = w->boxes[--w->depth];
    bool whole = b.kind == BOX_FIELD || b.kind == BOX_GROUP;
    bool alone = b.kind == BOX_LABEL && !surrounding(w, BOX_FIELD) && !surrounding(w, BOX_GROUP);
    if (b.kind == BOX_LABEL)
        name_by_label(w, &b, tag_text(w->a, w->page, (span){w->text_from, t->all.from}));
    for (size_t i = b.first; i < w->s->control_count; i++) {
        control *c = &w->s->controls[i];
        if ((whole || alone) && !c->place)
            c->place = whole ? t->all.from : t->all.to;
        if (b.kind == BOX_GROUP && c->kind == CONTROL_BOX && b.legend.p)
            c->label = b.legend;
    }
}

/* ---- fields ---- */

static control_kind kind_of(const walk *w, const tag *t, bool *is_radio)
{
    static const char *const secrets[] = {"password", "file", NULL};
    static const char *const buttons[] = {"submit", "button", "reset", "image", NULL};
    if (str_eq(t->name, S("textarea")))
        return CONTROL_AREA;
    if (str_eq(t->name, S("select")))
        return CONTROL_CHOICE;
    str type = tag_value(w->a, w->page, t, S("type"));
    *is_radio = str_eq(type, S("radio"));
    if (str_eq(t->name, S("button")) || is_any(type, buttons))
        return CONTROL_BUTTON;
    if (*is_radio || str_eq(type, S("checkbox")))
        return CONTROL_BOX;
    if (str_eq(type, S("hidden")))
        return CONTROL_HIDDEN;
    return is_any(type, secrets) ? CONTROL_SECRET : CONTROL_TEXT;
}

static void open_control(walk *w, const tag *t)
{
    bool is_radio = false;
    control_kind kind = kind_of(w, t, &is_radio);
    const box *fold = surrounding(w, BOX_FOLD);
    control *c = &w->s->controls[w->s->control_count++];
    *c = (control){
        .kind = kind,
        .tag = *t,
        .name = tag_value(w->a, w->page, t, S("name")),
        .id = tag_value(w->a, w->page, t, S("id")),
        .form_id = tag_value(w->a, w->page, t, S("form")),
        .label = tag_value(w->a, w->page, t, S("aria-label")),
        .form = w->form,
        .end = t->all.to,
        .is_radio = is_radio,
    };
    if (fold && !tag_attribute(w->page, &fold->tag, S("open"), &(span){0}, NULL))
        c->fold = fold->tag;
    if (kind == CONTROL_CHOICE || kind == CONTROL_AREA)
        w->choice = w->s->control_count - 1;
    if (kind == CONTROL_BUTTON && w->form != NO_FORM && leads_there(w, t, S("formaction")))
        w->s->forms[w->form].leads = true;
}

static void close_control(walk *w, const tag *t)
{
    if (w->choice != NO_FORM)
        w->s->controls[w->choice].end = t->all.from;
    w->choice = NO_FORM;
}

/* ---- the walk ---- */

static void take(walk *w, const tag *t)
{
    static const char *const boxes[] = {"div", "fieldset", "label", "details", NULL};
    static const char *const controls[] = {"input", "select", "textarea", "button", NULL};
    bool content = str_eq(t->name, S("select")) || str_eq(t->name, S("textarea"));
    if (str_eq(t->name, S("form"))) {
        if (!t->closing) {
            open_form(w, t);
        } else if (w->form != NO_FORM) {
            w->s->forms[w->form].end = t->all.from;
            w->form = NO_FORM;
        }
    } else if (is_any(t->name, boxes)) {
        if (t->closing)
            close_box(w, t);
        else
            open_box(w, t);
    } else if (str_eq(t->name, S("legend"))) {
        if (!t->closing)
            w->text_from = t->all.to;
        else if (w->depth)
            w->boxes[w->depth - 1].legend = tag_text(w->a, w->page, (span){w->text_from, t->all.from});
    } else if (is_any(t->name, controls)) {
        if (!t->closing)
            open_control(w, t);
        else if (content)
            close_control(w, t);
    } else if (str_eq(t->name, S("main")) && !t->closing) {
        w->s->head = t->all.to;
    }
}

static size_t count_of(str page)
{
    size_t n = 1;
    for (size_t i = 0; i < page.n; i++)
        n += page.p[i] == '<' && i + 1 < page.n && str_has_byte(S("filstb"), page.p[i + 1]);
    return n;
}

/* Names from labels, forms by their id, and a place for what stands in no box. */
static void settle(walk *w)
{
    for (size_t i = 0; i < w->s->control_count; i++) {
        control *c = &w->s->controls[i];
        for (size_t k = 0; k < w->label_count && c->id.p && !c->label.p; k++)
            if (str_eq(w->labels[k].of, c->id))
                c->label = w->labels[k].text;
        for (size_t k = 0; k < w->s->form_count && c->form_id.p; k++)
            if (str_eq(w->s->forms[k].id, c->form_id))
                c->form = k;
        size_t behind = c->end; /* past the closing tag of what has content */
        tag closing;
        bool has_content = c->kind == CONTROL_AREA || c->kind == CONTROL_CHOICE;
        if (!c->place)
            c->place = has_content && tag_next(w->page, &behind, &closing) ? behind : c->tag.all.to;
    }
}

/* ---- the choice ---- */

bool is_sent(const refill *what, str name, str value)
{
    for (size_t i = 0; i < what->typed.count; i++)
        if (str_eq(what->typed.pairs[i].name, name) && (!value.p || str_eq(what->typed.pairs[i].value, value)))
            return true;
    return false;
}

static size_t choose(walk *w)
{
    survey *s = w->s;
    size_t best = NO_FORM;
    for (size_t i = 0; i < s->control_count; i++) {
        const control *c = &s->controls[i];
        if (c->form == NO_FORM || !s->forms[c->form].leads)
            continue;
        form *f = &s->forms[c->form];
        bool inside = c->tag.all.from > f->tag.all.from && c->tag.all.to <= f->end;
        f->is_seen |= inside && c->kind != CONTROL_HIDDEN && c->kind != CONTROL_BUTTON;
        if (!c->name.p || !is_sent(w->what, c->name, STR_NONE))
            continue;
        bool same =
            c->kind == CONTROL_HIDDEN && is_sent(w->what, c->name, tag_value(w->a, w->page, &c->tag, S("value")));
        f->hits += same ? 2 : 1;
    }
    for (size_t i = 0; i < s->form_count; i++)
        if (s->forms[i].leads && (best == NO_FORM || s->forms[i].hits > s->forms[best].hits))
            best = i;
    return best;
}

void survey_page(arena *a, str page, const refill *what, survey *out, size_t *chosen)
{
    size_t most = count_of(page), at = 0;
    *out = (survey){.forms = arena_array_of(a, form, most), .controls = arena_array_of(a, control, most)};
    walk w = {.a = a, .page = page, .what = what, .s = out, .form = NO_FORM, .choice = NO_FORM};
    w.labels = arena_array_of(a, label, most);
    for (tag t; tag_next(page, &at, &t);)
        take(&w, &t);
    settle(&w);
    *chosen = choose(&w);
}
