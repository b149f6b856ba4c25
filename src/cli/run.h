/* The functions of the command table, one file a noun. Each returns the exit code. */
#ifndef PARVIS_CLI_RUN_H
#define PARVIS_CLI_RUN_H

#include "cli/command.h"

int run_serve(cli *c);
int run_setup(cli *c);
int run_migrate(cli *c);
int run_check(cli *c);
int run_copy(cli *c);
int run_config(cli *c);
int run_version(cli *c);

int run_organization_list(cli *c);
int run_organization_show(cli *c);
int run_organization_create(cli *c);
int run_organization_set(cli *c);

int run_member_list(cli *c);
int run_member_show(cli *c);
int run_member_set_role(cli *c);
int run_member_remove(cli *c);
int run_member_suspend(cli *c);
int run_member_reactivate(cli *c);
int run_member_set(cli *c);

int run_group_list(cli *c);
int run_group_create(cli *c);
int run_group_rename(cli *c);
int run_group_delete(cli *c);
int run_group_add(cli *c);
int run_group_remove(cli *c);
int run_entitlement_list(cli *c);
int run_entitlement_create(cli *c);
int run_entitlement_set(cli *c);
int run_entitlement_delete(cli *c);

int run_invite(cli *c);
int run_invitation_list(cli *c);
int run_invitation_show(cli *c);
int run_invitation_resend(cli *c);
int run_invitation_temporary_password(cli *c);
int run_invitation_revoke(cli *c);
int run_invitation_link(cli *c);
int run_invitation_correct(cli *c);
int run_invitation_batch(cli *c);

int run_mail_list(cli *c);
int run_mail_retry(cli *c);
int run_mail_test(cli *c);
int run_api_key_list(cli *c);
int run_api_key_create(cli *c);
int run_api_key_revoke(cli *c);
int run_instance_key_create(cli *c);
int run_instance_key_list(cli *c);
int run_instance_key_revoke(cli *c);
int run_account_show(cli *c);
int run_account_reset_password(cli *c);
int run_account_export(cli *c);
int run_account_close(cli *c);
int run_account_remove_second_factor(cli *c);

#endif
