package io.firn.ingest.backfill;

/**
 * What a turn of a backfill came to.
 *
 * @param ended whether the job is of no further use
 * @param delayMillis how long to wait before the next turn, 0 for not at all
 * @param reason why to wait, or why it ended, one line; may be empty
 */
public record BackfillTurn(boolean ended, long delayMillis, String reason) {
    static final BackfillTurn AT_ONCE = new BackfillTurn(false, 0, "");

    static BackfillTurn after(long delayMillis, String reason) {
        return new BackfillTurn(false, delayMillis, reason);
    }

    static BackfillTurn end(String reason) {
        return new BackfillTurn(true, 0, reason);
    }
}
