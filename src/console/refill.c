/* What is changed on the page, as a list of edits in its order: nothing is written twice, and nothing lost. */
#include "console/refill_survey.h"

#include <stdlib.h>

/* `cut` bytes go, `put` comes. */
typedef struct edit {
    size_t at, cut, order;
    str put;
} edit;

typedef struct hand {
    arena *a;
    str page;
    const refill *what;
    const survey *s;
    size_t form;
    edit *edits;
    size_t count, room;
    const control **marked; /* by fault; NULL: no field of the form is meant */
    bool focused;           /* one of them */
} hand;

static void change(hand *h, size_t at, size_t cut, str put)
{
    if (h->count == h->room) {
        size_t room = h->room ? 2 * h->room : 64;
        edit *more = arena_array_of(h->a, edit, room);
        for (size_t i = 0; i < h->count; i++)
            more[i] = h->edits[i];
        h->edits = more;
        h->room = room;
    }
    h->edits[h->count] = (edit){at, cut, h->count, put};
    h->count++;
}

static str escaped(hand *h, str text)
{
    BUF_SCOPED out = {0};
    tag_escape(&out, text);
    return arena_str(h->a, buf_str(&out));
}

static void set_attribute(hand *h, const tag *t, const char *name, str value)
{
    span all, old;
    str text = escaped(h, value);
    if (tag_attribute(h->page, t, str_of(name), &all, &old))
        change(h, old.from, old.to - old.from, text);
    else
        change(h, t->all.to - 1, 0, arena_join(h->a, S(" "), str_of(name), S("=\""), text, S("\"")));
}

static void set_flag(hand *h, const tag *t, const char *name, bool on)
{
    span all;
    bool is = tag_attribute(h->page, t, str_of(name), &all, NULL);
    if (is && !on)
        change(h, all.from, all.to - all.from, S(""));
    else if (!is && on)
        set_attribute(h, t, name, str_of(name));
}

/* ---- what was sent ---- */

/* "/name/en" is name_en, "/roles" the boxes called role, "/password" a field new_password, "/member/3" a member. */
static bool is_meant(str pointer, str name)
{
    str whole = str_slice(pointer, 1, pointer.n), rest = whole, first = str_cut(&rest, '/');
    if (str_eq(whole, name) || str_eq(first, name))
        return true;
    if (rest.p)
        return name.n == whole.n && str_starts(name, first) && name.p[first.n] == '_' && str_ends(name, rest);
    return (str_starts(first, name) && (str_eq(str_slice(first, name.n, first.n), S("s")) ||
                                        str_eq(str_slice(first, name.n, first.n), S("_at")))) ||
           (str_starts(name, S("new_")) && str_eq(str_slice(name, 4, name.n), first));
}

/* Nobody can mend what nobody sees: a hidden value that was refused is the page's own again. */
static bool is_refused(const hand *h, str name)
{
    for (size_t i = 0; i < h->what->fault_count; i++)
        if (is_meant(h->what->faults[i].pointer, name))
            return true;
    return false;
}

static bool is_ours(const hand *h, const control *c)
{
    return c->form == h->form && c->name.p;
}

/* What the form is known to hold; what the page adds for itself (by which a repeat is known) is new with each page. */
static const field *known(const hand *h, str name)
{
    const field *f = h->what->fields;
    while (f && f->name.p && !str_eq(f->name, name))
        f++;
    return f && f->name.p ? f : NULL;
}

/* The value of the field's name that is its own: the third of three fields has the third. STR_NONE: it has none. */
static str sent_for(const hand *h, const control *c)
{
    size_t before = 0;
    for (const control *other = h->s->controls; other < c; other++)
        before += is_ours(h, other) && str_eq(other->name, c->name) && other->kind == c->kind;
    for (size_t i = 0; i < h->what->typed.count; i++)
        if (str_eq(h->what->typed.pairs[i].name, c->name) && before-- == 0)
            return h->what->typed.pairs[i].value;
    return STR_NONE;
}

/* One that is not on offer any more leaves the choice as the page has it. */
static void fill_choice(hand *h, const control *c)
{
    str sent = sent_for(h, c);
    bool offered = false;
    tag t;
    for (size_t at = c->tag.all.to; tag_next(h->page, &at, &t) && t.all.from < c->end;)
        offered = offered || (!t.closing && str_eq(tag_value(h->a, h->page, &t, S("value")), sent));
    for (size_t at = c->tag.all.to; sent.p && offered && tag_next(h->page, &at, &t) && t.all.from < c->end;)
        if (!t.closing && str_eq(t.name, S("option")))
            set_flag(h, &t, "selected", str_eq(tag_value(h->a, h->page, &t, S("value")), sent));
}

static void fill_box(hand *h, const control *c)
{
    str value = tag_value(h->a, h->page, &c->tag, S("value"));
    if (!c->is_radio || is_sent(h->what, c->name, STR_NONE))
        set_flag(h, &c->tag, "checked", is_sent(h->what, c->name, value.p ? value : S("on")));
}

/* HTML passes over a line break that follows the opening tag. */
static void fill_area(hand *h, const control *c)
{
    str sent = sent_for(h, c);
    if (sent.p)
        change(h, c->tag.all.to, c->end - c->tag.all.to, arena_join(h->a, S("\n"), escaped(h, sent)));
}

static void fill(hand *h, const control *c)
{
    str sent;
    switch (c->kind) {
    case CONTROL_TEXT:
    case CONTROL_HIDDEN:
        sent = c->kind == CONTROL_HIDDEN && is_refused(h, c->name) ? STR_NONE : sent_for(h, c);
        if (sent.p)
            set_attribute(h, &c->tag, "value", sent);
        break;
    case CONTROL_AREA:
        fill_area(h, c);
        break;
    case CONTROL_CHOICE:
        fill_choice(h, c);
        break;
    case CONTROL_BOX:
        fill_box(h, c);
        break;
    case CONTROL_SECRET:
    case CONTROL_BUTTON:
        break;
    }
}

static bool has_field(const hand *h, str name)
{
    for (size_t i = 0; i < h->s->control_count; i++)
        if (is_ours(h, &h->s->controls[i]) && str_eq(h->s->controls[i].name, name))
            return true;
    return false;
}

/* What another step asked for goes along; what the form does not know, or must not show, does not. */
static void carry_rest(hand *h)
{
    for (size_t i = 0; i < h->what->typed.count; i++) {
        const text_pair *one = &h->what->typed.pairs[i];
        const field *f = known(h, one->name);
        if (f && !f->is_secret && f->type != FIELD_BYTES && !has_field(h, one->name) && !is_refused(h, one->name))
            change(h, h->s->forms[h->form].end, 0,
                   arena_join(h->a, S("<input type=\"hidden\" name=\""), escaped(h, one->name), S("\" value=\""),
                              escaped(h, one->value), S("\">")));
    }
}

/* ---- what was wrong ---- */

static bool is_marked_already(const hand *h, const control *c)
{
    return str_eq(tag_value(h->a, h->page, &c->tag, S("aria-invalid")), S("true"));
}

/* The field that is meant; of several, one that is seen. Else one that the page itself has marked. */
static const control *find_field(const hand *h, const refill_fault *fault)
{
    const control *found = NULL, *marked = NULL;
    for (size_t i = 0; i < h->s->control_count; i++) {
        const control *c = &h->s->controls[i];
        if (!is_ours(h, c) || c->kind == CONTROL_BUTTON)
            continue;
        if (is_meant(fault->pointer, c->name) && (!found || found->kind == CONTROL_HIDDEN))
            found = c;
        if (!marked && is_marked_already(h, c))
            marked = c;
    }
    return found ? found : marked;
}

static bool is_seen(const control *c)
{
    return c && c->kind != CONTROL_HIDDEN;
}

static str field_id(const hand *h, const control *c)
{
    return c->id.p ? c->id : arena_printf(h->a, "refused-field-%zu", (size_t)(c - h->s->controls));
}

static void mark(hand *h, size_t which, bool first, bool once)
{
    const control *c = h->marked[which];
    str id = arena_printf(h->a, "refused-%zu", which);
    if (once) {
        if (!c->id.p)
            set_attribute(h, &c->tag, "id", field_id(h, c));
        if (first)
            set_flag(h, &c->tag, "autofocus", true);
        if (first && c->fold.name.p)
            set_flag(h, &c->fold, "open", true);
    }
    if (is_marked_already(h, c) || !once)
        return;
    str described = tag_value(h->a, h->page, &c->tag, S("aria-describedby"));
    set_attribute(h, &c->tag, "aria-invalid", S("true"));
    set_attribute(h, &c->tag, "aria-describedby", described.n ? arena_join(h->a, described, S(" "), id) : id);
    change(h, c->place, 0,
           arena_join(h->a, S("<p class=\"help wrong\" id=\""), id, S("\">"), escaped(h, h->what->faults[which].text),
                      S("</p>")));
}

/* Where nothing is named: what the page itself has marked, else the first field that is still to be filled in. */
static void focus_any(hand *h)
{
    const control *found = NULL;
    for (size_t i = 0; i < h->s->control_count; i++) {
        const control *c = &h->s->controls[i];
        bool can = is_ours(h, c) && c->kind != CONTROL_HIDDEN && c->kind != CONTROL_BUTTON;
        if (can && is_marked_already(h, c)) {
            found = c;
            break;
        }
        if (can && !found && (c->kind == CONTROL_SECRET || c->kind == CONTROL_TEXT || c->kind == CONTROL_AREA))
            found = c;
    }
    if (found)
        set_flag(h, &found->tag, "autofocus", true);
}

static void mark_all(hand *h)
{
    const control *first = NULL;
    h->marked = arena_array_of(h->a, const control *, h->what->fault_count + 1);
    for (size_t i = 0; i < h->what->fault_count; i++) {
        h->marked[i] = find_field(h, &h->what->faults[i]);
        if (is_seen(h->marked[i]) && (!first || h->marked[i] < first))
            first = h->marked[i];
    }
    for (size_t i = 0; i < h->what->fault_count; i++) {
        bool once = true;
        for (size_t k = 0; k < i; k++)
            once = once && h->marked[k] != h->marked[i];
        if (is_seen(h->marked[i]))
            mark(h, i, h->marked[i] == first, once);
    }
    h->focused = first != NULL;
    if (!h->what->fault_count && !h->what->said.n)
        focus_any(h);
}

/* "{label}: {text}", or the text alone. */
static void put_sentence(hand *h, buf *out, str label, str text)
{
    if (!label.n) {
        tag_escape(out, text);
        return;
    }
    for (str rest = h->what->between; rest.n;) {
        bool named = str_starts(rest, S("{label}")), told = str_starts(rest, S("{text}"));
        tag_escape(out, named ? label : told ? text : str_slice(rest, 0, 1));
        rest = str_slice(rest, named ? 7 : told ? 6 : 1, rest.n);
    }
}

static void put_notice(buf *out, bool focus)
{
    buf_lit(out, "<div class=\"notice bad refused\" role=\"alert\"");
    if (focus)
        buf_lit(out, " tabindex=\"-1\" autofocus=\"autofocus\"");
    buf_lit(out, "><i class=\"i i-bad\" aria-hidden=\"true\"></i><div>");
}

/* The list that leads to each field, or what is said of the whole. */
static void tell(hand *h)
{
    BUF_SCOPED out = {0};
    const form *f = &h->s->forms[h->form];
    if (!h->what->fault_count && !h->what->said.n)
        return;
    put_notice(&out, !h->focused);
    buf_lit(&out, "<p>");
    tag_escape(&out, h->what->fault_count ? h->what->heading : h->what->said);
    buf_lit(&out, "</p>");
    if (h->what->fault_count)
        buf_lit(&out, "<ul>");
    for (size_t i = 0; i < h->what->fault_count; i++) {
        const control *c = h->marked[i];
        buf_lit(&out, "<li>");
        if (is_seen(c)) {
            buf_lit(&out, "<a href=\"#");
            tag_escape(&out, field_id(h, c));
            buf_lit(&out, "\">");
        }
        put_sentence(h, &out, is_seen(c) ? c->label : STR_NONE, h->what->faults[i].text);
        buf_add(&out, is_seen(c) ? S("</a></li>") : S("</li>"));
    }
    if (h->what->fault_count)
        buf_lit(&out, "</ul>");
    buf_lit(&out, "</div></div>");
    change(h, f->is_seen ? f->tag.all.from : h->s->head, 0, arena_str(h->a, buf_str(&out)));
}

/* ---- the page ---- */

static int in_order(const void *one, const void *other)
{
    const edit *a = one, *b = other;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void write_page(hand *h, buf *out)
{
    size_t done = 0;
    if (h->count)
        qsort(h->edits, h->count, sizeof *h->edits, in_order);
    for (size_t i = 0; i < h->count; i++) {
        const edit *e = &h->edits[i];
        buf_add(out, str_slice(h->page, done, e->at));
        buf_add(out, e->put);
        done = e->at + e->cut;
    }
    buf_add(out, str_slice(h->page, done, h->page.n));
}

bool refill_page(arena *a, str page, const refill *what, buf *out)
{
    survey s;
    hand h = {.a = a, .page = page, .what = what, .s = &s};
    survey_page(a, page, what, &s, &h.form);
    if (h.form == NO_FORM)
        return false;
    for (size_t i = 0; i < s.control_count; i++)
        if (is_ours(&h, &s.controls[i]) && known(&h, s.controls[i].name))
            fill(&h, &s.controls[i]);
    carry_rest(&h);
    mark_all(&h);
    tell(&h);
    write_page(&h, out);
    return true;
}

void refill_head(str page, const refill *what, buf *out)
{
    size_t at = 0, head = 0;
    for (tag t; !head && tag_next(page, &at, &t);)
        head = str_eq(t.name, S("main")) && !t.closing ? t.all.to : 0;
    buf_add(out, str_slice(page, 0, head));
    put_notice(out, true);
    if (what->said.n) {
        buf_lit(out, "<p>");
        tag_escape(out, what->said);
        buf_lit(out, "</p>");
    }
    for (size_t i = 0; i < what->fault_count; i++) {
        buf_lit(out, "<p>");
        tag_escape(out, what->faults[i].text);
        buf_lit(out, "</p>");
    }
    buf_lit(out, "</div></div>");
    buf_add(out, str_slice(page, head, page.n));
}
