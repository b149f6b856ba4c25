-- From an address to a member. Types: *_id and id are UUIDs (16 bytes), *_at are milliseconds, is_* are 0 or 1.
-- What is looked up by a range of time says ASC: YugabyteDB would hash a bare first column.
-- Tenants' tables have the organization first in their keys. Server-wide: installation, account, session, passkey, challenge_used, account_token, spent,
-- email_change, address_request, signup, instance_key, mail, idempotency, throttle, rate_window, audit_gathering. SQLite builds a table for each IN of three or more constants, at every insert: the
-- checks of tables that are written much are spelled out.

-- One row, its id zeros: what the server's key is known by, so that a wrong key file is noticed before anything is sealed.
CREATE TABLE installation (
    id BLOB PRIMARY KEY NOT NULL,
    key_fingerprint BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organization (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    locale TEXT CHECK (locale IN ('fr', 'en')),
    created_at INTEGER NOT NULL,
    existing_accounts TEXT NOT NULL DEFAULT 'attach' CHECK (existing_accounts IN ('attach', 'refuse')),
    is_administrators_invite INTEGER NOT NULL DEFAULT 1,
    invitation_lifetime INTEGER NOT NULL DEFAULT 604800000 CHECK (invitation_lifetime BETWEEN 3600000 AND 7776000000),
    reminder_after INTEGER NOT NULL DEFAULT 259200000 CHECK (reminder_after >= 0),
    reminder_max INTEGER NOT NULL DEFAULT 1 CHECK (reminder_max BETWEEN 0 AND 10),
    -- NULL: as the server's setting says, or nothing is asked
    temporary_password_delivery TEXT CHECK (temporary_password_delivery IN ('ask', 'send', 'show')),
    temporary_password_lifetime INTEGER CHECK (temporary_password_lifetime BETWEEN 3600000 AND 2592000000),
    password_min_length INTEGER CHECK (password_min_length BETWEEN 6 AND 128),
    session_lifetime INTEGER CHECK (session_lifetime BETWEEN 900000 AND 31536000000),
    session_idle INTEGER CHECK (session_idle BETWEEN 900000 AND 31536000000),
    second_factor TEXT NOT NULL DEFAULT 'none' CHECK (second_factor IN ('none', 'administrators', 'all')),
    allowed_domains TEXT NOT NULL DEFAULT '', -- A-labels with a space between; empty: all
    refused_domains TEXT NOT NULL DEFAULT '',
    accent TEXT, -- "#1f5f5b"
    time_zone TEXT, -- "Europe/Paris"; NULL: the server's
    -- What its entitlements' slots mean, written anew with every change of them: domain/entitlement.h. Here, because whoever
    -- enters reads this row anyway.
    entitlement_keys TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- A PNG that the server itself wrote; its address holds the digest.
CREATE TABLE organization_logo (
    organization_id BLOB PRIMARY KEY NOT NULL REFERENCES organization (id),
    digest TEXT NOT NULL,
    png BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Locked by whoever invites, accepts, revokes or removes. held counts live pending invitations and is an upper bound:
-- lapsed ones are subtracted before anyone is refused. member_limit 0: none.
CREATE TABLE organization_seat (
    organization_id BLOB PRIMARY KEY NOT NULL REFERENCES organization (id),
    member_limit INTEGER NOT NULL DEFAULT 0 CHECK (member_limit >= 0),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id BLOB PRIMARY KEY NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    email_proved_at INTEGER,
    confined_to_id BLOB, -- the only organization that an account with an unproved address works in
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    locale TEXT CHECK (locale IN ('fr', 'en')),
    time_zone TEXT, -- "Europe/Paris"; NULL: the organization's, in which its person never chose one
    password_hash TEXT,
    password_set_at INTEGER,
    browsers INTEGER NOT NULL DEFAULT 0, -- how often browsers that had signed in were forgotten: domain/browser.h
    created_at INTEGER NOT NULL,
    closed_at INTEGER, -- names and address are erased, and the key is none that can be typed
    places_at INTEGER, -- from when its memberships get the keys they are sorted by that somebody else's work kept from them
    -- Made for an invited person, who has no password of their own yet: the keyed hash of a temporary one, good for one sign-in.
    temporary_hash BLOB CHECK (temporary_hash IS NULL OR password_hash IS NULL),
    temporary_expires_at INTEGER,
    temporary_used_at INTEGER,
    temporary_invitation_id BLOB -- of the organization that the account is confined to
) STRICT, WITHOUT ROWID;
CREATE INDEX account_places ON account (places_at ASC) WHERE places_at IS NOT NULL;
CREATE INDEX account_temporary ON account (temporary_expires_at ASC) WHERE temporary_expires_at IS NOT NULL;

CREATE TABLE membership (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    id BLOB NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id),
    role TEXT NOT NULL CHECK (role = 'owner' OR role = 'administrator' OR role = 'member'),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
    suspended_at INTEGER,
    access_ends_at INTEGER CHECK (role <> 'owner' OR access_ends_at IS NULL), -- from then on it counts as suspended
    access_warn_at INTEGER, -- when to say that it ends; NULL: said, or nothing to say
    entitlements INTEGER NOT NULL DEFAULT 0 CHECK (entitlements >= 0), -- the slots that are on, a bit each
    group_ids TEXT NOT NULL DEFAULT '', -- TypeIDs, each with a space after it: for views; member_word finds by group
    joined_at INTEGER NOT NULL,
    last_active_at INTEGER, -- the beginning of the day in UTC on which its member was last here; NULL: never
    moved_at INTEGER, -- when its account came by it as it is now, where that was by proving an address later than it joined
    invited_by_id BLOB, -- an account; NULL: the operator
    family_key TEXT NOT NULL, -- sort keys, copied from the account
    email_key TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, account_id),
    UNIQUE (organization_id, id, role, state)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_account ON membership (account_id);
CREATE INDEX membership_family ON membership (organization_id, family_key, id);
CREATE INDEX membership_email ON membership (organization_id, email_key, id);
CREATE INDEX membership_role ON membership (organization_id, role, id);
CREATE INDEX membership_warning ON membership (access_warn_at ASC, id) WHERE access_warn_at IS NOT NULL;

-- An organization always has an active owner: this row points at one, and the key refuses whatever would unmake it.
CREATE TABLE organization_owner (
    organization_id BLOB PRIMARY KEY NOT NULL,
    membership_id BLOB NOT NULL,
    role TEXT NOT NULL DEFAULT 'owner' CHECK (role = 'owner'),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state = 'active'),
    FOREIGN KEY (organization_id, membership_id, role, state) REFERENCES membership (organization_id, id, role, state)
) STRICT, WITHOUT ROWID;

-- What an organization switches on or off for each member. A slot is the bit that stands for it in memberships and invitations.
CREATE TABLE entitlement (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    key TEXT NOT NULL,
    slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 61),
    name_en TEXT NOT NULL,
    name_fr TEXT NOT NULL,
    is_default INTEGER NOT NULL, -- on where nobody chose
    roles TEXT NOT NULL, -- who may have it: of "oam", owner administrator member
    PRIMARY KEY (organization_id, key),
    UNIQUE (organization_id, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE member_group (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL, -- folded
    members INTEGER NOT NULL DEFAULT 0 CHECK (members >= 0),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name_key)
) STRICT, WITHOUT ROWID;

-- What members are found by: folded words of names and address, for search by their beginnings; and their groups, as
-- U+001F and a TypeID, which nobody can type.
CREATE TABLE member_word (
    organization_id BLOB NOT NULL,
    word TEXT NOT NULL,
    membership_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, word, membership_id),
    FOREIGN KEY (organization_id, membership_id) REFERENCES membership (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX member_word_membership ON member_word (organization_id, membership_id, word);

CREATE TABLE invitation_batch (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    id BLOB NOT NULL,
    created_by_id BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    id BLOB NOT NULL,
    batch_id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'member')),
    method TEXT NOT NULL DEFAULT 'link' CHECK (method = 'link' OR method = 'temporary_password'),
    password_delivery TEXT CHECK (password_delivery = 'send' OR password_delivery = 'show'),
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state = 'pending' OR state = 'accepted' OR state = 'declined' OR state = 'revoked' OR state = 'expired'),
    locale TEXT CHECK (locale IN ('fr', 'en')),
    message TEXT,
    given_name TEXT,
    family_name TEXT,
    entitlements INTEGER NOT NULL DEFAULT 0 CHECK (entitlements >= 0), -- these three go to the membership, as they stand there
    group_ids TEXT NOT NULL DEFAULT '',
    access_ends_at INTEGER,
    invited_by_id BLOB, -- an account; NULL: the operator
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    lifetime INTEGER NOT NULL, -- starts again at each resend
    secret_hash BLOB, -- of the mailed link
    link_hash BLOB, -- of the copied link
    code_hash BLOB, -- keyed; of the typed code that travels with the mail
    code_expires_at INTEGER,
    link_code_hash BLOB, -- of the code that was shown with a copied link
    link_code_expires_at INTEGER,
    is_link_telling INTEGER NOT NULL DEFAULT 0, -- whether the copied link may say that the address has an account
    sent_count INTEGER NOT NULL DEFAULT 0,
    last_sent_at INTEGER,
    mail_id BLOB, -- the newest mail
    remind_at INTEGER,
    reminded INTEGER NOT NULL DEFAULT 0,
    accepted_by_id BLOB,
    accepted_at INTEGER,
    closed_at INTEGER,
    asked_at INTEGER, -- when its holder last asked for a new one; NULL: never, or one went out since
    asked_count INTEGER NOT NULL DEFAULT 0,
    person_id BLOB, -- the account that it is a trace of: which accepted it, or had proved the address and left it: domain/closing.h
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
-- One pending invitation an organization and address; the address first, so that a typed code finds it too.
CREATE UNIQUE INDEX invitation_pending ON invitation (email_key, organization_id) WHERE state = 'pending';
CREATE INDEX invitation_closed ON invitation (email_key, organization_id) WHERE state <> 'pending';
CREATE INDEX invitation_person ON invitation (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX invitation_open ON invitation (organization_id, id) WHERE state = 'pending';
CREATE INDEX invitation_lapse ON invitation (organization_id, expires_at) WHERE state = 'pending';
CREATE INDEX invitation_batch_of ON invitation (organization_id, batch_id, id);
CREATE INDEX invitation_asked ON invitation (organization_id, id) WHERE asked_at IS NOT NULL;
-- asked_at stands in it as well: without it SQLite takes the whole organization for the shorter way.
CREATE INDEX invitation_asked_address ON invitation (organization_id, email_key, asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX invitation_reminder ON invitation (remind_at ASC, id) WHERE remind_at IS NOT NULL;

-- Hashes of earlier links: a reminder leaves them live, a resend kills them, and then they say that a newer mail exists.
CREATE TABLE invitation_old_secret (
    organization_id BLOB NOT NULL,
    invitation_id BLOB NOT NULL,
    secret_hash BLOB NOT NULL,
    is_live INTEGER NOT NULL,
    PRIMARY KEY (organization_id, invitation_id, secret_hash),
    FOREIGN KEY (organization_id, invitation_id) REFERENCES invitation (organization_id, id)
) STRICT, WITHOUT ROWID;

-- Who wants no invitation of an organization any more, by a keyed hash of the address: nothing is kept of who that is.
CREATE TABLE invitation_silence (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    address_hash BLOB NOT NULL,
    invitation_id BLOB NOT NULL, -- that was declined so
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, address_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_silence_address ON invitation_silence (address_hash);
CREATE INDEX invitation_silence_of ON invitation_silence (organization_id, invitation_id);

CREATE TABLE session (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id),
    secret_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    -- 'password': a temporary password opened it, and a new one comes before anything else; 'factor': a second factor does
    stage TEXT NOT NULL DEFAULT 'full' CHECK (stage = 'full' OR stage = 'password' OR stage = 'factor'),
    factor_at INTEGER, -- when a second factor (or a passkey that verified its user) was shown
    idle INTEGER, -- ends when unseen for so long; NULL: never
    user_agent TEXT,
    source TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (account_id);

CREATE TABLE api_key (
    organization_id BLOB NOT NULL,
    id BLOB NOT NULL,
    membership_id BLOB NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    permissions TEXT, -- their names with a space between, never more than the member's; NULL: all of them
    created_at INTEGER NOT NULL,
    expires_at INTEGER, -- NULL: never
    last_used_at INTEGER, -- the beginning of that day in UTC
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, membership_id) REFERENCES membership (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_membership ON api_key (organization_id, membership_id);
CREATE INDEX api_key_account ON api_key (account_id);

-- The operator's own keys: they found and list organizations.
CREATE TABLE instance_key (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Passkeys (WebAuthn credentials). credential is the authenticator's own name for it, at most 1,023 bytes.
CREATE TABLE passkey (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id),
    credential BLOB NOT NULL UNIQUE,
    algorithm INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL,
    name TEXT NOT NULL,
    is_discoverable INTEGER NOT NULL, -- as the browser said
    transports TEXT NOT NULL, -- words with a space between
    aaguid BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    is_alone INTEGER NOT NULL DEFAULT 1 -- 0: the password was replaced since; beside the new one it serves, and does alone again after
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account_id, id);

-- Challenges that were answered, until they would have expired: nothing is kept of those that were only asked for.
CREATE TABLE challenge_used (
    id BLOB PRIMARY KEY NOT NULL,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Mailed secrets of an account: password reset (link), proof of address (code), first password (link printed by setup).
CREATE TABLE account_token (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('reset', 'proof', 'first_password')),
    secret_hash BLOB NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_token_account ON account_token (account_id);

-- What a secret did that is good for once, for the minute in which it may be sent again: domain/account/spent.h.
CREATE TABLE spent (
    id BLOB NOT NULL, -- of what the secret is of: an invitation, a link, a sign-up, an account, a session that had a successor
    kind TEXT NOT NULL CHECK (kind = 'accept' OR kind = 'decline' OR kind = 'ask_again' OR kind = 'reset' OR kind = 'temporary' OR kind = 'signup' OR kind = 'proof' OR kind = 'email_confirm' OR kind = 'email_undo' OR kind = 'session'),
    secret_hash BLOB NOT NULL, -- as its own row keeps it
    sent_hash BLOB NOT NULL, -- keyed; of all else that came with it
    spent_at INTEGER NOT NULL,
    account_id BLOB, -- whose it was; NULL: nobody's
    made_id BLOB, -- the organization that was founded, the account that a share was taken from, the session's successor
    is_factor INTEGER NOT NULL, -- a second factor came with it
    PRIMARY KEY (id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_account ON spent (account_id) WHERE account_id IS NOT NULL;

-- Addresses an account may take by a mailed link: 'confirm', a new one, from its own mailbox; 'undo', one it had, from there.
CREATE TABLE email_change (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('confirm', 'undo')),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    since_at INTEGER, -- of an undo that gives a share alone: what the account gained from then until created_at
    tried_at INTEGER  -- of an undo whose address had another account: when it was used first
) STRICT, WITHOUT ROWID;
CREATE INDEX email_change_account ON email_change (account_id);

-- What somebody asks for an address. Asking writes the same row whoever has the address; the worker takes it up within a
-- second and looks then whether there is such an account.
-- @global workers take what waits for anybody in the order it came, with SKIP LOCKED, which no engine does across shards
CREATE TABLE address_request (
    id BLOB PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'reset' OR kind = 'signup' OR kind = 'invitation' OR kind = 'link'),
    sealed BLOB NOT NULL,
    source TEXT,
    request_id TEXT,
    turn_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX address_request_turn ON address_request (turn_at ASC, id);

-- An authenticator app (RFC 6238): its secret, sealed together with the account's id.
CREATE TABLE account_totp (
    account_id BLOB PRIMARY KEY NOT NULL REFERENCES account (id),
    secret BLOB NOT NULL,
    confirmed_at INTEGER, -- NULL: set up, but no code was shown yet
    last_step INTEGER NOT NULL -- codes up to this step are used up
) STRICT, WITHOUT ROWID;

-- Keyed hashes; one set of ten an account.
CREATE TABLE recovery_code (
    account_id BLOB NOT NULL REFERENCES account (id),
    code_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (account_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Sign-ups that wait for their code. One with an address that has an account looks the same, and no code is ever made for it.
CREATE TABLE signup (
    id BLOB PRIMARY KEY NOT NULL,
    sealed BLOB NOT NULL, -- language, address, names, organization
    password_hash TEXT NOT NULL,
    is_long INTEGER NOT NULL DEFAULT 0, -- its code: ten characters in place of six digits
    code_hash BLOB, -- keyed; NULL: none was made
    code_expires_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0, -- of this code
    resent INTEGER NOT NULL DEFAULT 0,
    resend_at INTEGER NOT NULL, -- not before
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The outbox. A row waits with its secret sealed and loses it in the commit that records what became of it.
-- @global workers take what is due for anybody by one index, with SKIP LOCKED, which no engine does across shards
CREATE TABLE mail (
    id BLOB PRIMARY KEY NOT NULL,
    organization_id BLOB NOT NULL, -- zeros: none
    kind TEXT NOT NULL,
    invitation_id BLOB,
    membership_id BLOB, -- whom it is about, when not the recipient alone
    account_id BLOB,
    recipient TEXT NOT NULL,
    recipient_key TEXT, -- of an address without account and invitation: codes of sign-ups
    locale TEXT, -- NULL: both languages
    sealed BLOB,
    state TEXT NOT NULL CHECK (state = 'queued' OR state = 'sent' OR state = 'kept' OR state = 'deferred' OR state = 'failed' OR state = 'withdrawn'),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER, -- when to try; a lease pushes it ahead; NULL: done
    turn_of INTEGER NOT NULL, -- whose turn it takes, and which: domain/shared/turn.h
    turn_at INTEGER NOT NULL,
    reply TEXT,
    created_at INTEGER NOT NULL,
    done_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_due ON mail (next_at ASC) WHERE next_at IS NOT NULL;
CREATE INDEX mail_turn ON mail (turn_at ASC, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX mail_of ON mail (organization_id, id);
CREATE INDEX mail_account ON mail (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX mail_invitation ON mail (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX mail_stranger ON mail (recipient_key) WHERE recipient_key IS NOT NULL;

CREATE TABLE idempotency (
    holder_id BLOB NOT NULL, -- whose room it takes up: the account's that the caller works for
    caller_id BLOB NOT NULL,
    key TEXT NOT NULL,
    route TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (holder_id, caller_id, key, route)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at ASC);

-- Wrong tries: who must wait until when. Keys are hashes of "what:address:source".
CREATE TABLE throttle (
    throttle_key BLOB PRIMARY KEY NOT NULL,
    failures INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_age ON throttle (updated_at ASC);

-- Counters of fixed windows: invitations an hour and a day, addresses looked at, reset mails.
CREATE TABLE rate_window (
    throttle_key BLOB NOT NULL,
    window_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (throttle_key, window_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX rate_window_age ON rate_window (window_at ASC);

CREATE TABLE audit_event (
    organization_id BLOB NOT NULL, -- zeros: the server's own
    id BLOB NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind = 'account' OR actor_kind = 'api_key' OR actor_kind = 'instance_key' OR actor_kind = 'operator' OR actor_kind = 'invited' OR actor_kind = 'system' OR actor_kind = 'anonymous'),
    actor_id BLOB,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BLOB,
    source TEXT,
    request_id TEXT,
    before TEXT, -- JSON
    after TEXT,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_event_actor ON audit_event (actor_id, id);

-- Personal details of an event, salted and erasable.
CREATE TABLE audit_detail (
    organization_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    about_id BLOB, -- whose details: an account, an invitation …
    salt BLOB NOT NULL,
    detail TEXT NOT NULL, -- JSON
    PRIMARY KEY (organization_id, event_id),
    FOREIGN KEY (organization_id, event_id) REFERENCES audit_event (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_detail_about ON audit_detail (about_id);

-- Whose address else stands in a detail: an account's that parted from the one it is about.
CREATE TABLE audit_detail_also (
    organization_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    email_key TEXT NOT NULL,
    PRIMARY KEY (organization_id, event_id, account_id, email_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_detail_also_account ON audit_detail_also (account_id);

-- What becomes one line of the record: what anonymous callers do and what is refused, by action, source and minute; and, without an
-- action, how many such lines a day has.
CREATE TABLE audit_gathering (
    action TEXT NOT NULL,
    source TEXT NOT NULL, -- empty: all together
    since_at INTEGER NOT NULL, -- the minute's beginning, or the day's
    event_id BLOB NOT NULL, -- in the server's own record
    count INTEGER NOT NULL,
    PRIMARY KEY (action, source, since_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_gathering_age ON audit_gathering (since_at ASC);
