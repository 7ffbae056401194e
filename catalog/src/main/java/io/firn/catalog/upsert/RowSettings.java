package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.PropertyCommitter;
import io.firn.catalog.commit.PropertyCommitter.Outcome;
import io.firn.catalog.commit.PropertySwap;
import io.firn.catalog.schema.ConditionText;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings, beside key and order, that decide which rows a keyed table has. The keyed table records them as properties:
 * rows that were merged by one setting do not fit together with rows that are merged by another.
 *
 * @param deleteWhen the condition on records that delete their key, if any
 * @param keyFormat of the Kafka keys of null values; empty where both formats read them the same
 * @param timestampUnit of numbers in timestamp columns; empty where they are refused, or where no timestamp takes part
 *     in key, order or {@code delete-when}
 */
public record RowSettings(Optional<String> deleteWhen, Optional<String> keyFormat, Optional<String> timestampUnit) {
    /** A pipeline that sets none of them. */
    public static final RowSettings NONE = new RowSettings(Optional.empty(), Optional.empty(), Optional.empty());

    private static final Logger LOG = LoggerFactory.getLogger(RowSettings.class);
    private static final int MAX_ATTEMPTS = 20;

    /** The recorded value of a setting that is not set. */
    private static final String NOT_SET = "";

    /** @param effect what a change does to the rows that exist */
    private record Setting(String key, String value, String effect) {
        String property() {
            return "firn." + key;
        }
    }

    private List<Setting> settings() {
        List<Setting> settings = new ArrayList<>();
        settings.add(new Setting(
                "delete-when",
                deleteWhen.orElse(NOT_SET),
                "keys that the former condition deleted would stay deleted, and rows that the new one deletes would"
                        + " stay until their next record"));
        keyFormat.ifPresent(format -> settings.add(new Setting(
                "key-format",
                format,
                "null values were read as deletes of other keys than now: rows of the keys that they now stand for"
                        + " would stay")));
        timestampUnit.ifPresent(unit -> settings.add(new Setting(
                "timestamp-unit",
                unit,
                "timestamps of key, order-by or delete-when were read by the former unit: rows of one key would not"
                        + " meet, or would be compared by different scales")));
        return settings;
    }

    /**
     * Returns why records cannot be merged into the table by these settings. A setting that the table does not record
     * is no reason: tables of an older Firn do not.
     *
     * @param keyed the table, as it is
     * @param columns of the records
     */
    public Optional<FirnException> refusal(Table keyed, String name, Schema columns) {
        for (Setting setting : settings()) {
            String recorded = keyed.properties().get(setting.property());
            if (recorded != null && !isSame(setting, recorded, columns)) {
                return Optional.of(FirnException.user(
                        "setting-changed",
                        "the table's rows were made with " + setting.key() + " " + quoted(recorded)
                                + ", the configuration says " + quoted(setting.value()) + ": " + setting.effect(),
                        "table " + name + ", property " + setting.property(),
                        "set '" + setting.key() + "' as it was, or make all rows anew from Kafka with the new setting:"
                                + " 'firn rebuild " + name + "'"));
            }
        }
        return Optional.empty();
    }

    /**
     * Records those settings that the table does not record yet.
     *
     * @param keyed refreshed
     * @throws FirnException {@code setting-changed} if another process has recorded another value meanwhile
     */
    void recordIn(Table keyed, String name, Schema columns) {
        for (Setting setting : settings()) {
            if (keyed.properties().containsKey(setting.property())) {
                continue;
            }
            boolean hasRows = keyed.currentSnapshot() != null;
            record(keyed, setting);
            Optional<FirnException> refusal = refusal(keyed, name, columns);
            if (refusal.isPresent()) {
                throw refusal.get();
            }
            if (hasRows) {
                LOG.warn(
                        "table {} did not record by which {} its rows were made; it records {} from now on. If the"
                                + " setting was another one before, 'firn audit' finds the differences",
                        name,
                        setting.key(),
                        quoted(setting.value()));
            }
        }
    }

    private static void record(Table keyed, Setting setting) {
        PropertyCommitter committer = new PropertyCommitter(keyed, new Random(setting.hashCode()));
        PropertySwap swap = PropertySwap.of(setting.property(), Optional.empty(), Optional.of(setting.value()));
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            if (committer.attempt(swap, Set.of()) != Outcome.UNDECIDED) {
                keyed.refresh();
                return;
            }
        }
        throw FirnException.external(
                "catalog-unavailable",
                "the setting " + setting.key() + " cannot be recorded",
                "table " + keyed.name(),
                "start again when the catalog answers",
                new IllegalStateException(MAX_ATTEMPTS + " attempts without an outcome"));
    }

    private static boolean isSame(Setting setting, String recorded, Schema columns) {
        return recorded.equals(setting.value())
                || setting.key().equals("delete-when")
                        && !recorded.isEmpty()
                        && !setting.value().isEmpty()
                        && Objects.equals(meaning(recorded, columns), meaning(setting.value(), columns));
    }

    /** Blanks, quotes of names and superfluous parentheses do not matter. */
    private static String meaning(String condition, Schema columns) {
        try {
            return ConditionText.parse(columns, condition).toString();
        } catch (FirnException columnIsGone) {
            return condition;
        }
    }

    private static String quoted(String value) {
        return value.isEmpty() ? "not set" : "'" + value + "'";
    }
}
