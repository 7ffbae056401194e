package io.firn.deploy.audit;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.StoreFailures;
import io.firn.catalog.parquet.FileCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.BaseDeleteLoader;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.exceptions.NotFoundException;

/**
 * Reads every value of every data and delete file of one snapshot, with readers that share nothing with Firn's writer.
 * A file at a time; of a Parquet file one column of one row group is in memory.
 */
final class DeepAudit {
    private final Table table;
    private final Snapshot snapshot;
    private final Progress progress;
    private final DeepReport.Builder report;
    private long files;

    /** @param snapshotId the snapshot to read; commits that follow do not disturb */
    DeepAudit(Table table, long snapshotId, Progress progress) {
        this.table = table;
        this.snapshot = Objects.requireNonNull(table.snapshot(snapshotId), "the snapshot is gone");
        this.progress = progress;
        this.report = new DeepReport.Builder(table.name());
    }

    /** @throws FirnException of kind external if the store or the catalog fails; damaged files are in the report */
    DeepReport run() {
        progress.begin("audit: reading every column of " + table.name(), "files", total());
        try {
            for (ManifestFile manifest : snapshot.allManifests(table.io())) {
                read(manifest);
            }
        } catch (IOException | UncheckedIOException failed) {
            throw unreadable(failed);
        } catch (NotFoundException gone) {
            requireSnapshot(String.valueOf(gone.getMessage()));
            throw unreadable(gone);
        } catch (RuntimeException failed) {
            throw StoreFailures.mayRecover(failed) && !(failed instanceof FirnException) ? unreadable(failed) : failed;
        }
        return report.build();
    }

    private long total() {
        Map<String, String> summary = snapshot.summary();
        String data = summary.getOrDefault(SnapshotSummary.TOTAL_DATA_FILES_PROP, "-1");
        String deletes = summary.getOrDefault(SnapshotSummary.TOTAL_DELETE_FILES_PROP, "0");
        return data.equals("-1") ? -1 : Long.parseLong(data) + Long.parseLong(deletes);
    }

    private void read(ManifestFile manifest) throws IOException {
        if (manifest.content() == ManifestContent.DATA) {
            try (ManifestReader<?> entries = ManifestFiles.read(manifest, table.io(), table.specs())) {
                entries.forEach(this::read);
            }
        } else {
            try (ManifestReader<DeleteFile> entries =
                    ManifestFiles.readDeleteManifest(manifest, table.io(), table.specs())) {
                entries.forEach(this::read);
            }
        }
    }

    private void read(ContentFile<?> file) {
        report.file(file);
        if (file.keyMetadata() != null) {
            report.notRead("encrypted");
        } else if (file.format() == FileFormat.PARQUET) {
            FileCheck.Result result =
                    FileCheck.of(() -> table.io().newInputFile(file.location()), file, () -> progress.at(files));
            if (result.isMissing()) {
                requireSnapshot(file.location());
            }
            report.read(file.location(), result);
        } else if (file.format() == FileFormat.PUFFIN && file instanceof DeleteFile vector) {
            vector(vector);
        } else {
            report.notRead(file.format().name());
        }
        files++;
        progress.at(files);
    }

    /** Files of a snapshot that expired meanwhile may be gone, and nothing is wrong with that. */
    private void requireSnapshot(String file) {
        table.refresh();
        if (table.snapshot(snapshot.snapshotId()) == null) {
            throw FirnException.external(
                    "snapshot-expired",
                    "snapshot " + snapshot.snapshotId() + " expired while its files were read",
                    "table " + table.name() + ", file " + file,
                    "run the audit again, or keep snapshots for longer (maintenance.snapshots-keep)",
                    new NotFoundException("%s", file));
        }
    }

    /** The loader checks length and checksum. */
    private void vector(DeleteFile vector) {
        try {
            PositionDeleteIndex deleted = new BaseDeleteLoader(
                            file -> table.io().newInputFile(file.location()))
                    .loadPositionDeletes(List.of(vector), vector.referencedDataFile());
            if (deleted.cardinality() != vector.recordCount()) {
                report.fault(
                        vector.location(),
                        "has " + deleted.cardinality() + " positions, the table's manifest says "
                                + vector.recordCount());
            }
        } catch (IllegalArgumentException | IllegalStateException damaged) {
            report.fault(vector.location(), "cannot be decoded: " + damaged.getMessage());
        }
    }

    private FirnException unreadable(Exception failed) {
        return FirnException.external(
                "table-unreadable",
                "the table's files cannot be read: "
                        + (failed instanceof RuntimeException
                                ? FailureText.of((RuntimeException) failed)
                                : failed.getMessage()),
                "table " + table.name(),
                "run the audit again when the store answers",
                failed);
    }
}
