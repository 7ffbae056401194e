package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.SchemaChanged;
import io.firn.catalog.commit.CommitOutcome.Undecided;
import io.firn.catalog.schema.FileSchema;
import io.firn.catalog.schema.FileSchema.Values;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files that were written for columns which the table does not have any more. */
class SchemaFenceTest {
    private static final String NAME = "t";

    private final InMemoryTables tables = new InMemoryTables();
    private Table table;
    private TableCommitter committer;

    @BeforeEach
    void createTable() {
        create();
        table = tables.open(NAME);
        committer = new TableCommitter(tables.open(NAME), new Random(1), MissingLedger.REFUSE);
        assertThat(committer.attempt(Commits.start(0, 0))).isInstanceOf(Committed.class);
        table.refresh();
    }

    private void create() {
        tables.create(NAME, CommitterRig.SCHEMA, CommitterRig.UNPARTITIONED, Map.of());
    }

    @Test
    void filesThatDoNotFitAreRefusedAndRemovedAndTheTableStaysAsItIs() {
        DataFile file = Commits.file(table);
        TableCommit commit = append(file);
        rename("id", "number");

        assertThat(committer.attempt(commit)).isEqualTo(new SchemaChanged("column 'id' was renamed to 'number'"));
        assertThat(tables.files().fileExists(file.location())).isFalse();
        assertThat(tables.open(NAME).currentSnapshot().summary()).containsEntry("total-records", "0");
    }

    @Test
    void theLatestTableIsTheOneThatTheFilesDidNotFitAndStaysAsItIs() {
        assertThat(committer.latest().schema().findField("id")).isNotNull();
        Table before = committer.latest();
        rename("id", "number");
        assertThat(committer.latest().schema().findField("number"))
                .as("not read yet")
                .isNull();

        committer.attempt(append(Commits.file(table)));

        assertThat(committer.latest().schema().findField("number")).isNotNull();
        assertThat(before.schema().findField("number")).isNull();
        assertThat(committer.latest().locationProvider().newDataLocation("x")).startsWith(table.location());
    }

    @Test
    void theSchemaIsComparedAtEveryAttemptOnTheMetadataThatTheCommitReplaces() {
        TableCommit commit = append(Commits.file(table));
        tables.conflictNext();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        rename("id", "number");

        assertThat(committer.attempt(commit)).isInstanceOf(SchemaChanged.class);
    }

    @Test
    void aCommitThatLandedBeforeTheChangeIsCommitted() {
        TableCommit commit = append(Commits.file(table));
        tables.loseNextReply();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        rename("id", "number");

        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
    }

    @Test
    void filesOfACommitOfUnknownOutcomeStay() {
        DataFile file = Commits.file(table);
        TableCommit commit = append(file);
        tables.landLate();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        rename("id", "number");

        assertThat(committer.attempt(commit)).isInstanceOf(SchemaChanged.class);
        assertThat(tables.files().fileExists(file.location())).isTrue();
    }

    @Test
    void aJobPlansAgain() {
        JobCommitter jobs = new JobCommitter(tables.open(NAME), new Random(1));
        DataFile file = Commits.file(table);
        JobCommit commit = JobCommit.carrying(
                        UUID.randomUUID(),
                        TableCommit.Operation.REWRITE,
                        new TreeMap<>(),
                        transaction -> transaction.newAppend().appendFile(file),
                        List.of(file.location()))
                .writtenFor(List.of(FileSchema.of(table, Values.BY_ID)));
        table.updateSchema().allowIncompatibleChanges().requireColumn("id").commit();

        assertThat(jobs.attempt(commit))
                .isEqualTo(new JobOutcome.SchemaChanged("column 'id' must not be null any more"));
    }

    @Test
    void aTableThatWasDroppedAndCreatedAgainEndsTheCommits() {
        tables.drop(NAME);
        assertThatThrownBy(() -> committer.attempt(append(Commits.file(table))))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("table-missing"));
        create();

        assertReplaced(() -> committer.attempt(append(Commits.file(table))));
        assertReplaced(committer::refreshedLedger);
        assertThat(tables.open(NAME).currentSnapshot()).isNull();
    }

    private static void assertReplaced(Runnable call) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(FirnException.class, e -> {
            assertThat(e.code()).isEqualTo("table-replaced");
            assertThat(e.kind()).isEqualTo(FirnException.Kind.USER);
            assertThat(e).hasMessageContaining("table " + NAME);
        });
    }

    private TableCommit append(DataFile file) {
        return Commits.append(List.of(file), P0, 0, 10).writtenFor(List.of(FileSchema.of(table, Values.BY_NAME)));
    }

    private void rename(String from, String to) {
        tables.openSpared(NAME).updateSchema().renameColumn(from, to).commit();
        assertThat(tables.open(NAME).schema().findType(to)).isEqualTo(Types.LongType.get());
    }
}
