package io.firn.deploy.check;

/** Whether a check writes a file of its own to the store. */
public enum StoreWrites {
    /** One small file per table, which is removed at once. */
    TRIED,
    /** None; the report says so. */
    NOT_TRIED
}
