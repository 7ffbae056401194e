package io.firn.compaction.orphan;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.iceberg.TableMetadata;

/** Which files may go by their name alone. Pure. */
final class OrphanNames {
    /** Of a table in a folder without a catalog, as v12.metadata.json or v12.gz.metadata.json. */
    private static final Pattern VERSION = Pattern.compile("v(\\d+)(\\.gz)?\\.metadata\\.json(\\.gz)?");

    private OrphanNames() {}

    static boolean mayGo(String location, TableMetadata table, OrphanSettings.Scope scope) {
        String name = Locations.name(location);
        if (name.equals("version-hint.text") || name.startsWith(".")) {
            return false;
        }
        if (scope == OrphanSettings.Scope.METADATA
                && !name.endsWith(".metadata.json")
                && !name.endsWith(".metadata.json.gz")
                && !name.endsWith(".stats")) {
            return false;
        }
        // The hint may lag behind; readers then go up from the version that it names, one by one.
        Matcher version = VERSION.matcher(name);
        return !version.matches() || isFarBelow(Long.parseLong(version.group(1)), table.metadataFileLocation());
    }

    private static boolean isFarBelow(long version, String current) {
        Matcher matcher = VERSION.matcher(current == null ? "" : Locations.name(current));
        return matcher.matches() && version + 100 < Long.parseLong(matcher.group(1));
    }
}
