package io.firn.catalog.commit;

/** What to do with a table that has rows and no ledger. */
public enum MissingLedger {
    /** Stop: nobody can tell which records its rows came from. */
    REFUSE,
    /**
     * Take it over: its rows are somebody else's, the ledger begins with the first commit. Not where the table ever had
     * a ledger: then the rows may be Firn's own, and beginning anew would double them.
     */
    ADOPT
}
