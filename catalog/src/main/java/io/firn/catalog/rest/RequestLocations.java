package io.firn.catalog.rest;

import io.firn.catalog.FirnException;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.schema.TableClasses;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.MetadataUpdate;
import org.apache.iceberg.PartitionStatisticsFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StatisticsFile;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadata.MetadataLogEntry;
import org.apache.iceberg.view.ViewMetadata;
import org.jspecify.annotations.Nullable;

/** Every location that a request or a file of metadata can name, held against a {@link LocationPolicy}, and classes. */
final class RequestLocations {
    /** Kinds of updates that name no location. Any other kind is refused: a later version of Iceberg may add some. */
    static final Set<Class<? extends MetadataUpdate>> WITHOUT_LOCATION = Set.of(
            MetadataUpdate.AddEncryptionKey.class,
            MetadataUpdate.AddPartitionSpec.class,
            MetadataUpdate.AddSchema.class,
            MetadataUpdate.AddSortOrder.class,
            MetadataUpdate.AddViewVersion.class,
            MetadataUpdate.AssignUUID.class,
            MetadataUpdate.RemoveEncryptionKey.class,
            MetadataUpdate.RemovePartitionSpecs.class,
            MetadataUpdate.RemovePartitionStatistics.class,
            MetadataUpdate.RemoveProperties.class,
            MetadataUpdate.RemoveSchemas.class,
            MetadataUpdate.RemoveSnapshotRef.class,
            MetadataUpdate.RemoveSnapshots.class,
            MetadataUpdate.RemoveStatistics.class,
            MetadataUpdate.SetCurrentSchema.class,
            MetadataUpdate.SetCurrentViewVersion.class,
            MetadataUpdate.SetDefaultPartitionSpec.class,
            MetadataUpdate.SetDefaultSortOrder.class,
            MetadataUpdate.SetSnapshotRef.class,
            MetadataUpdate.UpgradeFormatVersion.class);

    private final LocationPolicy policy;

    RequestLocations(LocationPolicy policy) {
        this.policy = policy;
    }

    /** The location of a new table or view; the catalog chooses one where there is none. */
    void location(@Nullable String location) {
        if (location != null) {
            policy.require("the location", location);
        }
    }

    void metadataFile(String location) {
        policy.require("the metadata file", location);
    }

    /**
     * Properties of tables, views and namespaces: {@code location} and everything like {@code write.data.path}, and
     * those that name a class, which are not set by this way at all.
     */
    void properties(Map<String, String> properties) {
        properties.forEach((key, value) -> {
            if (TableClasses.namesClass(key, value)) {
                throw FirnException.user(
                        "table-class-refused",
                        "the property " + key + " names a class, and none is set by a query engine's request",
                        "property " + key,
                        "set it by another client of the catalog, and name the class under the pipeline's key"
                                + " table-classes");
            }
            if (key.equals("location") || key.startsWith("write.") && key.endsWith(".path")) {
                policy.require("the property " + key, value);
            }
        });
    }

    void updates(List<MetadataUpdate> updates) {
        updates.forEach(this::update);
    }

    private void update(MetadataUpdate update) {
        if (update instanceof MetadataUpdate.SetLocation set) {
            location(set.location());
        } else if (update instanceof MetadataUpdate.SetProperties set) {
            properties(set.updated());
        } else if (update instanceof MetadataUpdate.AddSnapshot added) {
            snapshot(added.snapshot());
        } else if (update instanceof MetadataUpdate.SetStatistics set) {
            statistics(set.statisticsFile());
        } else if (update instanceof MetadataUpdate.SetPartitionStatistics set) {
            statistics(set.partitionStatisticsFile());
        } else if (!WITHOUT_LOCATION.contains(update.getClass())) {
            throw FirnException.user(
                    LocationPolicy.REFUSED,
                    "an update of this kind may name locations that are not examined",
                    "update " + update.getClass().getSimpleName(),
                    "use another way to change the table, and report this");
        }
    }

    /** All that a file of metadata names, which becomes a table by it. */
    void table(TableMetadata metadata) {
        location(metadata.location());
        properties(metadata.properties());
        metadata.snapshots().forEach(this::snapshot);
        metadata.statisticsFiles().forEach(this::statistics);
        metadata.partitionStatisticsFiles().forEach(this::statistics);
        for (MetadataLogEntry earlier : metadata.previousFiles()) {
            policy.require("an earlier metadata file", earlier.file());
        }
    }

    void view(ViewMetadata metadata) {
        location(metadata.location());
        properties(metadata.properties());
    }

    private void snapshot(Snapshot snapshot) {
        String manifests = snapshot.manifestListLocation();
        if (manifests == null) {
            throw FirnException.user(
                    LocationPolicy.REFUSED,
                    "a snapshot names no manifest list",
                    "snapshot " + snapshot.snapshotId(),
                    "write the manifests to a manifest list, as all versions of the format can");
        }
        policy.require("the manifest list of a snapshot", manifests);
    }

    private void statistics(StatisticsFile file) {
        policy.require("a statistics file", file.path());
    }

    private void statistics(PartitionStatisticsFile file) {
        policy.require("a file of partition statistics", file.path());
    }
}
