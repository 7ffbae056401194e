package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.iceberg.Table;

/**
 * Marks a table of a set that {@code firn rebuild} created and that is not complete yet. The table has the mark from
 * its creation on, so that nobody takes it for an empty one.
 *
 * @param id of the rebuild; its backfills are named {@code ID-0}, {@code ID-1}, …
 * @param backfills how many backfills of staging read what is missing; empty until all of them are registered
 */
public record RebuildMark(String id, OptionalInt backfills) {
    private static final Pattern TEXT = Pattern.compile("([0-9a-f]+)(?: (\\d{1,9}))?");

    /** Returns a mark without registered backfills. */
    public static RebuildMark begun(String id) {
        return new RebuildMark(id, OptionalInt.empty());
    }

    /** Returns this mark with all its backfills registered. */
    public RebuildMark registered(int count) {
        return new RebuildMark(id, OptionalInt.of(count));
    }

    /** Returns the ID of one of the rebuild's backfills. */
    public String backfill(int number) {
        return id + "-" + number;
    }

    /** Returns the value of the table property. */
    public String text() {
        return backfills.isPresent() ? id + " " + backfills.getAsInt() : id;
    }

    /**
     * Returns the table's mark; does not refresh.
     *
     * @throws FirnException {@code rebuild-unreadable}
     */
    public static Optional<RebuildMark> of(Table table) {
        String text = table.properties().get(UpsertKeys.REBUILD);
        if (text == null) {
            return Optional.empty();
        }
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw FirnException.user(
                    "rebuild-unreadable",
                    "the property " + UpsertKeys.REBUILD + " has the value '" + text + "', which Firn never writes",
                    "table " + table.name(),
                    "drop the table and run firn rebuild again");
        }
        String count = parts.group(2);
        return Optional.of(new RebuildMark(
                parts.group(1), count == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(count))));
    }
}
