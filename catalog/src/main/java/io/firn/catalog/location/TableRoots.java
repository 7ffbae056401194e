package io.firn.catalog.location;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.util.LocationUtil;

/**
 * The directories in which a table says that it keeps its files.
 *
 * @param uuid of the table; empty if its metadata has none
 * @param locations the table's location, then what its properties name besides; without trailing slashes
 */
public record TableRoots(String uuid, List<String> locations) {
    /** All properties by which Iceberg's location providers leave the table's location. */
    private static final List<String> KEYS = List.of(
            TableProperties.WRITE_METADATA_LOCATION,
            TableProperties.WRITE_DATA_LOCATION,
            TableProperties.OBJECT_STORE_PATH,
            TableProperties.WRITE_FOLDER_STORAGE_LOCATION);

    public TableRoots {
        locations = List.copyOf(locations);
    }

    public static TableRoots of(TableMetadata table) {
        Map<String, String> properties = table.properties();
        Set<String> locations = new LinkedHashSet<>();
        locations.add(LocationUtil.stripTrailingSlash(table.location()));
        for (String key : KEYS) {
            String value = properties.get(key);
            if (value != null && !value.isBlank()) {
                locations.add(LocationUtil.stripTrailingSlash(value));
            }
        }
        return new TableRoots(Objects.requireNonNullElse(table.uuid(), ""), List.copyOf(locations));
    }

    List<StorePath> paths() {
        return locations.stream().map(StorePath::parse).toList();
    }
}
