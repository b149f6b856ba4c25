/* What is done besides mails, each in a transaction of its own; what fails, or is busy, is done next time. */
#ifndef PARVIS_WORKER_CHORES_H
#define PARVIS_WORKER_CHORES_H

#include "worker/parts.h"

/** Sends the reminders of invitations that are due. */
void chores_remind(worker *w);
/** Warns of ends of access that come near. */
void chores_warn(worker *w);
/** Answers what was asked for addresses: resets, sign-ups. */
void chores_answer(worker *w);
/** Sorts members by the name and address that they have, where that was left to do. */
void chores_places(worker *w);
/** Once an hour: deletes what is too old. */
void chores_sweep(worker *w);

#endif
