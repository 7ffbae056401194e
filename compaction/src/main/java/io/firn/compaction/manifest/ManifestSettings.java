package io.firn.compaction.manifest;

import java.util.Map;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.util.PropertyUtil;

/**
 * What a rewrite of manifests aims at.
 *
 * @param targetBytes size of the manifests to write
 * @param least fewest small manifests worth a rewrite
 * @param most manifests rewritten by one commit, which are read and written again in each attempt at it
 */
public record ManifestSettings(long targetBytes, int least, int most) {
    /** An append a second time the size of Iceberg's merge threshold would already be noticed by who plans a query. */
    private static final int LEAST = 20;

    private static final int MOST = 1_000;

    public ManifestSettings {
        if (targetBytes <= 0 || least < 2 || most < 2) {
            throw new IllegalArgumentException("two manifests at least become one");
        }
    }

    /** The defaults, with the target size that the table's own properties name. */
    public static ManifestSettings of(Map<String, String> tableProperties) {
        long target = PropertyUtil.propertyAsLong(
                tableProperties,
                TableProperties.MANIFEST_TARGET_SIZE_BYTES,
                TableProperties.MANIFEST_TARGET_SIZE_BYTES_DEFAULT);
        return new ManifestSettings(target, LEAST, MOST);
    }

    ManifestSettings afterRefusals(int refusals) {
        return new ManifestSettings(targetBytes, least, Math.max(2, most >> refusals));
    }
}
