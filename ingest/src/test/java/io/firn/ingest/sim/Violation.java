package io.firn.ingest.sim;

/** The guarantee does not hold: lost, doubled, forgotten, removed or lied about. Nothing else is thrown as this. */
final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    Violation(String what) {
        super(what);
    }
}
