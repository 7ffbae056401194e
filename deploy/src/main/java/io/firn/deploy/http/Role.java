package io.firn.deploy.http;

/** What somebody may do, each role what those before it may. */
enum Role {
    /** Who says nothing of himself: probes, and the page without what it shows. */
    ANYONE,
    /** Sees everything, changes nothing. */
    READER,
    OPERATOR;

    boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }
}
