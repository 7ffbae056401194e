package io.firn.compaction.rewrite;

import io.firn.catalog.location.UncommittedFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Table;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.OutputFileFactory;

/**
 * The files that one group becomes: where they go, and which of them exist. Until they are handed over they can be
 * discarded.
 */
final class GroupFiles {
    private final Table table;
    private final FileGroup group;
    private final OutputFileFactory factory;
    private final List<String> begun = new ArrayList<>();
    private final List<DataFile> finished = new ArrayList<>();

    /**
     * @param operationId part of each file's name; of this attempt alone
     */
    GroupFiles(Table table, FileGroup group, String operationId) {
        this.table = table;
        this.group = group;
        this.factory = OutputFileFactory.builderFor(table, group.spec().specId(), 0)
                .defaultSpec(group.spec())
                .format(FileFormat.PARQUET)
                .operationId(operationId)
                .build();
    }

    /** A new file; from now on {@link #discard} removes it. */
    OutputFile begin() {
        EncryptedOutputFile file = group.partition().size() == 0
                ? factory.newOutputFile()
                : factory.newOutputFile(group.spec(), group.partition());
        begun.add(file.encryptingOutputFile().location());
        return file.encryptingOutputFile();
    }

    void finish(DataFile file) {
        finished.add(file);
    }

    List<DataFile> finished() {
        return List.copyOf(finished);
    }

    /** Removes what was begun. Never throws: what stays behind is the orphan job's. */
    void discard() {
        UncommittedFiles.delete(table.io(), begun, "files of a rewrite that was given up");
        begun.clear();
        finished.clear();
    }

    /** Copies the live rows of a group. */
    interface Copy {
        /** Writes and finishes all files of the group. Whoever calls it discards them where it throws. */
        void copy(FileGroup group, GroupFiles files, Progress progress) throws IOException;
    }

    /** Is told of each file that was read. */
    interface Progress {
        void read(DataFile file);
    }
}
