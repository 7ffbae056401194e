package io.firn.catalog.commit;

import java.util.Objects;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;

/**
 * Merges of manifests inside of a commit. There is a job for them; a commit that does it in passing takes long where
 * there are many, does it once more at each attempt, and loses against whoever commits often.
 */
public final class ManifestMerges {
    private ManifestMerges() {}

    /**
     * Leaves them out of the update that is made next. The table's own setting is back when the commit takes effect.
     */
    public static void leaveOut(Transaction transaction) {
        transaction
                .updateProperties()
                .set(TableProperties.MANIFEST_MERGE_ENABLED, "false")
                .commit();
    }

    static void restore(Transaction transaction, TableMetadata base) {
        String key = TableProperties.MANIFEST_MERGE_ENABLED;
        String before = base.properties().get(key);
        if (Objects.equals(before, transaction.table().properties().get(key))) {
            return;
        }
        if (before == null) {
            transaction.updateProperties().remove(key).commit();
        } else {
            transaction.updateProperties().set(key, before).commit();
        }
    }
}
