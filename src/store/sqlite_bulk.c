/*
 * Large work that waits for the one writer. Each organization's stands in a lane of its own, and the lanes take turns,
 * so that nobody's flood of it is before anybody else's; and where others write, too, they have as much time between
 * two large jobs as the one before them took. A job cannot be cut: all of it is done, or nothing.
 */
#include "store/sqlite.h"

enum {
    LANE_MOST = 16,        /* that wait in one lane: a hundred connections of one organization fill no queue */
    BREATH_MOST = 1000,    /* ms for the others, however long it took */
    LANE_RETRY_AFTER = 10, /* s; about what those that wait there take */
};

bool sqlite_bulk_add(sqlite_store *w, store_job *job)
{
    sqlite_lane *lane = &w->lanes[engine_lane(job, &w->lane_key, SQLITE_LANES)];
    if (lane->count == LANE_MOST) {
        if (job->problem)
            *job->problem = (problem){.retry_after = LANE_RETRY_AFTER};
        return false;
    }
    sqlite_queue_add(&lane->jobs, job);
    lane->count++;
    w->bulk_count++;
    return true;
}

store_job *sqlite_bulk_take(sqlite_store *w)
{
    sqlite_lane *lane;
    do {
        lane = &w->lanes[w->lane_next];
        w->lane_next = (w->lane_next + 1) % SQLITE_LANES;
    } while (!lane->count);
    lane->count--;
    w->bulk_count--;
    return sqlite_queue_take(&lane->jobs);
}

bool sqlite_bulk_may(const sqlite_store *w, msec now)
{
    return w->bulk_count && (now >= w->bulk_from || w->draining);
}

void sqlite_bulk_done(sqlite_store *w, msec took, msec now)
{
    bool others = w->others_wrote || w->single.first;
    w->bulk_from = others ? now + (took < BREATH_MOST ? took : BREATH_MOST) : 0;
    w->others_wrote = false;
}
