package io.firn.catalog.upsert;

import java.util.Locale;
import java.util.Optional;

/** One of the three tables of an upsert pipeline, which together are its set. In the order of their creation. */
public enum SetMember {
    KEYED(""),
    DELETES("_deletes"),
    STAGING("_staging");

    private final String suffix;

    SetMember(String suffix) {
        this.suffix = suffix;
    }

    /** Returns the name of the set's table; {@code keyed} is the name of its keyed table. */
    public String tableName(String keyed) {
        return keyed + suffix;
    }

    /** Returns the name in table properties and on the command line. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the member with this label; empty if there is none. */
    public static Optional<SetMember> of(String label) {
        for (SetMember member : values()) {
            if (member.label().equals(label)) {
                return Optional.of(member);
            }
        }
        return Optional.empty();
    }
}
