package io.firn.compaction.sim;

/** The guarantee does not hold: lost, doubled, brought back, removed or lied about. Nothing else is thrown as this. */
final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    Violation(String what) {
        super(what);
    }
}
