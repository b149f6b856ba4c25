#include "http/logo.h"

#include "domain/session.h"
#include "http/app.h"
#include "ports/image.h"

static err may_change(request *r)
{
    txn t;
    actor who = r->actor;
    TRY(store_read(r->app->store, r->a, &r->problem, &t));
    err e = actor_enter(&t, &who, r->params[0].text, r->route->permission);
    store_read_end(&t);
    return e;
}

err logo_prepare(request *r, str bytes, str *png)
{
    static const struct {
        str code;
        int64_t limit;
    } refusals[] = {[IMAGE_UNKNOWN] = {S_INIT("image-unknown"), 0},
                    [IMAGE_LARGE] = {S_INIT("image-too-large"), IMAGE_SIDE_MOST},
                    [IMAGE_BROKEN] = {S_INIT("image-broken"), 0}};
    image made;
    TRY(may_change(r));
    image_verdict verdict = image_normalise(r->a, bytes, LOGO_WIDTH, LOGO_HEIGHT, &made);
    if (verdict != IMAGE_OK)
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/logo"), refusals[verdict].code,
                          refusals[verdict].limit);
    *png = made.png;
    return OK;
}
