#include "http/verify.h"

#include "http/app.h"

err verify_password(request *r, sign_in *in)
{
    txn t;
    TRY(store_read(r->app->store, r->a, &r->problem, &t));
    err e = sign_in_find(&t, &r->actor, in);
    store_read_end(&t);
    TRY(e);
    sign_in_verify(r->a, in);
    return OK;
}
