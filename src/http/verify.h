/* Passwords that came with a request: the slow half, before the transaction. */
#ifndef PARVIS_HTTP_VERIFY_H
#define PARVIS_HTTP_VERIFY_H

#include "domain/account.h"
#include "http/request.h"

/** Finds and verifies in->password for in->email; on the pool's thread (prepare). ERR_RATE_LIMITED while tries are slowed. */
MUST err verify_password(request *r, sign_in *in);

#endif
