/* One's own second factors. */
#include "api/proof.h"
#include "api/view.h"
#include "bodies.h"
#include "domain/account/factor.h"
#include "limits_table.h"
#include "ports/qr.h"
#include "ports/template.h"
#include "routes.h"

/* All that change something ask alike who does it. */
typedef body_begin_totp proof_body;

/* Of all routes that take a Proof and nothing else. */
err admit_proof(request *r, txn *t)
{
    const proof_body *b = r->body;
    sign_in *in = r->scratch = arena_new_of(r->a, sign_in);
    r->no_work = !b->current_password.p;
    return proof_find(r, t, b->current_password, b->code, in);
}

static err prepare_proof(request *r)
{
    proof_verify(r, r->scratch);
    return OK;
}

err api_begin_totp_prepare(request *r)
{
    return prepare_proof(r);
}

err api_begin_totp(request *r, txn *t)
{
    totp_setup made;
    qr_drawing drawing;
    BUF_SCOPED svg = {0};
    TRY(proof_shown(r, t, r->scratch));
    TRY(totp_begin(t, &r->actor, &made));
    TRY(qr_draw(r->a, made.uri, &drawing));
    mval *m = m_object(r->a), *qr = m_set_object(m, S("qr"));
    m_set_int(qr, S("size"), drawing.size);
    m_set_str(qr, S("path"), drawing.path);
    TRY(template_render(S("partials/qr"), r->lang, m, &svg));
    err e = REPLY(r, 201, totp_setup, .secret = made.secret, .uri = made.uri, .qr = str_trim(buf_str(&svg)));
    explicit_bzero(svg.p, svg.n);
    return e;
}

static err answer_codes(request *r, int status, const str codes[RECOVERY_CODES])
{
    return REPLY(r, status, recovery_codes, .recovery_codes = {codes, RECOVERY_CODES});
}

err api_confirm_totp(request *r, txn *t)
{
    const body_confirm_totp *b = r->body;
    str codes[RECOVERY_CODES];
    TRY(totp_confirm(t, &r->actor, b->code, codes));
    return answer_codes(r, 200, codes);
}

err api_remove_totp_prepare(request *r)
{
    return prepare_proof(r);
}

err api_remove_totp(request *r, txn *t)
{
    TRY(proof_shown(r, t, r->scratch));
    TRY(totp_remove(t, &r->actor));
    return answer_empty(r, 204);
}

err api_renew_recovery_codes_prepare(request *r)
{
    return prepare_proof(r);
}

err api_renew_recovery_codes(request *r, txn *t)
{
    str codes[RECOVERY_CODES];
    TRY(proof_shown(r, t, r->scratch));
    TRY(recovery_codes_renew(t, &r->actor, codes));
    return answer_codes(r, 201, codes);
}

err api_server_remove_second_factor(request *r, txn *t)
{
    const body_server_remove_second_factor *b = r->body;
    TRY(factors_remove(t, &r->actor, b->email));
    return answer_empty(r, 204);
}
