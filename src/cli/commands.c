/* The table. Summaries and the meaning of each flag stand in the catalogues. */
#include "cli/run.h"

#define IN_ORGANIZATION               \
    {                                 \
        "organization", "SLUG", false \
    }
#define LOCALE                   \
    {                            \
        "locale", "fr|en", false \
    }
#define PERSON                                                \
    {"email", "ADDRESS", true}, {"given-name", "NAME", true}, \
    {                                                         \
        "family-name", "NAME", true                           \
    }

static const cli_flag setup_flags[] = {
    {"organization", "NAME", true},  PERSON,
    {"slug", "SLUG", false},         LOCALE,
    {"password-stdin", NULL, false}, {NULL, NULL, false},
};
static const cli_flag create_flags[] = {
    {"name", "NAME", true}, PERSON, {"slug", "SLUG", false}, LOCALE, {"member-limit", "NUMBER", false},
    {NULL, NULL, false},
};
static const cli_flag set_flags[] = {
    {"name", "NAME", false},
    {"locale", "fr|en|none", false},
    {"member-limit", "NUMBER", false},
    {"existing-accounts", "attach|refuse", false},
    {"administrators-may-invite-administrators", "on|off", false},
    {"invitation-lifetime", "DURATION", false},
    {"reminder-after", "DURATION", false},
    {"reminder-max", "NUMBER", false},
    {"temporary-password-delivery", "ask|send|show|server", false},
    {"temporary-password-lifetime", "DURATION", false},
    {"password-min-length", "NUMBER", false},
    {"session-lifetime", "DURATION", false},
    {"session-idle", "DURATION", false},
    {"second-factor", "none|administrators|all", false},
    {"allowed-domains", "DOMAINS", false},
    {"refused-domains", "DOMAINS", false},
    {"accent", "COLOUR", false},
    {NULL, NULL, false},
};
static const cli_flag member_list_flags[] = {
    IN_ORGANIZATION,
    {"query", "TEXT", false},
    {"role", "owner|administrator|member", false},
    {"state", "active|suspended", false},
    {"sort", "joined_at|-joined_at|family_name|-family_name|email|-email|role|-role", false},
    {NULL, NULL, false},
};
static const cli_flag organization_flags[] = {IN_ORGANIZATION, {NULL, NULL, false}};
static const cli_flag yes_flags[] = {{"yes", NULL, false}, {NULL, NULL, false}};
static const cli_flag batch_flags[] = {IN_ORGANIZATION, {"batch", "BATCH", false}, {NULL, NULL, false}};
static const cli_flag member_remove_flags[] = {
    IN_ORGANIZATION,
    {"pending-invitations", "revoke|take_over", false},
    {NULL, NULL, false},
};
static const cli_flag invite_flags[] = {
    IN_ORGANIZATION,
    {"role", "member|administrator", false},
    LOCALE,
    {"expires-in", "DURATION", false},
    {"message", "TEXT", false},
    {"temporary-password", NULL, false},
    {"delivery", "send|show", false},
    {"no-mail", NULL, false},
    {"dry-run", NULL, false},
    {NULL, NULL, false},
};
static const cli_flag temporary_flags[] = {IN_ORGANIZATION, {"delivery", "send|show", false}, {NULL, NULL, false}};
static const cli_flag invitation_list_flags[] = {
    IN_ORGANIZATION,          {"state", "pending|accepted|declined|revoked|expired", false},
    {"query", "TEXT", false}, {"batch", "BATCH", false},
    {NULL, NULL, false},
};

static const cli_flag copy_flags[] = {{"from", "URI", true}, {"to", "URI", true}, {NULL, NULL, false}};

const command commands[] = {
    {.name = "serve", .arguments = "", .run = run_serve},
    {.name = "setup", .arguments = "", .flags = setup_flags, .run = run_setup, .makes_data = true},
    {.name = "migrate", .arguments = "", .run = run_migrate},
    {.name = "check", .arguments = "", .run = run_check},
    {.name = "copy", .arguments = "", .flags = copy_flags, .run = run_copy},
    {.name = "config", .arguments = "", .run = run_config},
    {.name = "version", .arguments = "", .run = run_version},
    {.name = "organization list", .arguments = "", .run = run_organization_list},
    {.name = "organization show", .arguments = "SLUG", .least = 1, .most = 1, .run = run_organization_show},
    {.name = "organization create", .arguments = "", .flags = create_flags, .run = run_organization_create},
    {.name = "organization set",
     .arguments = "SLUG",
     .flags = set_flags,
     .least = 1,
     .most = 1,
     .run = run_organization_set},
    {.name = "member list", .arguments = "", .flags = member_list_flags, .run = run_member_list},
    {.name = "member show",
     .arguments = "MEMBER",
     .flags = organization_flags,
     .least = 1,
     .most = 1,
     .run = run_member_show},
    {.name = "member set-role",
     .arguments = "MEMBER ROLE",
     .flags = organization_flags,
     .least = 2,
     .most = 2,
     .run = run_member_set_role},
    {.name = "member remove",
     .arguments = "MEMBER…",
     .flags = member_remove_flags,
     .least = 1,
     .most = -1,
     .run = run_member_remove},
    {.name = "invite",
     .arguments = "ADDRESS…|-",
     .flags = invite_flags,
     .most = -1,
     .run = run_invite,
     .queues_mail = true},
    {.name = "invitation list", .arguments = "", .flags = invitation_list_flags, .run = run_invitation_list},
    {.name = "invitation show",
     .arguments = "INVITATION",
     .flags = organization_flags,
     .least = 1,
     .most = 1,
     .run = run_invitation_show},
    {.name = "invitation resend",
     .arguments = "INVITATION…",
     .flags = batch_flags,
     .most = -1,
     .run = run_invitation_resend,
     .queues_mail = true},
    {.name = "invitation temporary-password",
     .arguments = "INVITATION…",
     .flags = temporary_flags,
     .least = 1,
     .most = -1,
     .run = run_invitation_temporary_password,
     .queues_mail = true},
    {.name = "invitation revoke",
     .arguments = "INVITATION…",
     .flags = organization_flags,
     .least = 1,
     .most = -1,
     .run = run_invitation_revoke},
    {.name = "invitation link",
     .arguments = "INVITATION…",
     .flags = batch_flags,
     .most = -1,
     .run = run_invitation_link},
    {.name = "invitation correct",
     .arguments = "INVITATION ADDRESS",
     .flags = organization_flags,
     .least = 2,
     .most = 2,
     .run = run_invitation_correct,
     .queues_mail = true},
    {.name = "invitation batch",
     .arguments = "BATCH",
     .flags = organization_flags,
     .least = 1,
     .most = 1,
     .run = run_invitation_batch},
    {.name = "mail list", .arguments = "", .flags = organization_flags, .run = run_mail_list},
    {.name = "mail retry", .arguments = "", .run = run_mail_retry, .queues_mail = true},
    {.name = "mail test", .arguments = "ADDRESS", .least = 1, .most = 1, .run = run_mail_test},
    {.name = "account show", .arguments = "ADDRESS", .least = 1, .most = 1, .run = run_account_show},
    {.name = "account reset-password",
     .arguments = "ADDRESS",
     .least = 1,
     .most = 1,
     .run = run_account_reset_password},
    {.name = "account export", .arguments = "ADDRESS", .least = 1, .most = 1, .run = run_account_export},
    {.name = "account close",
     .arguments = "ADDRESS",
     .flags = yes_flags,
     .least = 1,
     .most = 1,
     .run = run_account_close,
     .queues_mail = true},
    {.name = "account remove-second-factor",
     .arguments = "ADDRESS",
     .least = 1,
     .most = 1,
     .run = run_account_remove_second_factor,
     .queues_mail = true},
    {.name = "instance-key create", .arguments = "NAME", .least = 1, .most = 1, .run = run_instance_key_create},
    {.name = "instance-key list", .arguments = "", .run = run_instance_key_list},
    {.name = "instance-key revoke", .arguments = "ID", .least = 1, .most = 1, .run = run_instance_key_revoke},
    {.name = NULL},
};
