package io.firn.compaction.rewrite;

import io.firn.compaction.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.Transaction;

/** Groups that were copied and take effect together. */
final class RewriteUnit {
    private final Table table;
    private final List<FileGroup> groups = new ArrayList<>();
    private final List<GroupFiles> copies = new ArrayList<>();
    private Work work = Work.NONE;

    RewriteUnit(Table table) {
        this.table = table;
    }

    void add(FileGroup group, GroupFiles files) {
        groups.add(group);
        copies.add(files);
        work = work.plus(group.work());
    }

    boolean isEmpty() {
        return groups.isEmpty();
    }

    /** Input. */
    Work work() {
        return work;
    }

    /** Output. */
    Work made() {
        List<DataFile> files = files();
        return new Work(
                files.size(),
                FileGroup.bytesOf(files),
                files.stream().mapToLong(DataFile::recordCount).sum());
    }

    List<String> locations() {
        return files().stream().map(ContentFile::location).toList();
    }

    /** By which its files are partitioned. */
    List<PartitionSpec> specs() {
        return groups.stream().map(FileGroup::spec).distinct().toList();
    }

    /** Replaces the groups' files by their copies, on condition that nobody has deleted from them since. */
    Function<Transaction, SnapshotUpdate<?>> change(RewritePlan plan) {
        List<DataFile> old =
                groups.stream().flatMap(group -> group.files().stream()).toList();
        List<DeleteFile> spent = plan.spentDeletes(groups);
        List<DataFile> made = files();
        boolean sequenced = TableUtil.formatVersion(table) >= 2;
        return transaction -> {
            RewriteFiles rewrite = transaction.newRewrite().validateFromSnapshot(plan.snapshotId());
            if (sequenced) {
                rewrite.dataSequenceNumber(plan.sequenceNumber());
            }
            old.forEach(rewrite::deleteFile);
            spent.forEach(rewrite::deleteFile);
            made.forEach(rewrite::addFile);
            return rewrite;
        };
    }

    /** Removes the copies; only where no commit of them was ever tried. */
    void discard() {
        copies.forEach(GroupFiles::discard);
        groups.clear();
        copies.clear();
        work = Work.NONE;
    }

    private List<DataFile> files() {
        return copies.stream().flatMap(files -> files.finished().stream()).toList();
    }
}
