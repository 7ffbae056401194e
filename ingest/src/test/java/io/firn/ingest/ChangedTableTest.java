package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.SchemaChanged;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.schema.SchemaText;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.SealedFiles;
import io.firn.ingest.write.WriteSettings;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The writer and the committer of one process while others change the table. */
class ChangedTableTest {
    private final TestTable orders = TestTable.of(SchemaText.parse("a int, b string"));
    private final TableCommitter committer = new TableCommitter(orders.reopened(), new Random(1), MissingLedger.REFUSE);
    private final RowBatchWriter writer = RowBatchWriter.following(
            committer::latest,
            DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN),
            () -> WriteSettings.defaults(UUID.randomUUID()));
    private long next;

    @BeforeEach
    void begin() {
        assertThat(attempt(PartitionStep.start(0), writer.seal())).isInstanceOf(Committed.class);
    }

    @Test
    void aValueFollowsTheNameThatItsColumnHasWhenItIsCommitted() {
        write("{\"a\":1,\"b\":\"one\"}");
        others().updateSchema().renameColumn("a", "was_a").commit();
        others().updateSchema().addColumn("a", Types.IntegerType.get()).commit();
        assertThat(commit()).isInstanceOf(SchemaChanged.class);
        writer.discard();
        write("{\"a\":1,\"b\":\"one\"}");

        assertThat(commit()).isInstanceOf(Committed.class);
        assertThat(row().getField("a")).isEqualTo(1);
        assertThat(row().getField("was_a")).isNull();
    }

    @Test
    void aColumnThatIsAddedGetsTheFieldsOfRecordsThatWereReadBefore() {
        write("{\"a\":1,\"c\":7}");
        others().updateSchema().addColumn("c", Types.LongType.get()).commit();
        assertThat(commit()).isEqualTo(new SchemaChanged("column 'c' was added"));
        writer.discard();
        write("{\"a\":1,\"c\":7}");

        assertThat(commit()).isInstanceOf(Committed.class);
        assertThat(row().getField("c")).isEqualTo(7L);
    }

    @Test
    void aColumnThatNoRecordHasAFieldForIsAddedWithoutReadingAgain() {
        write("{\"a\":1,\"c\":7}");
        assertThat(commit()).isInstanceOf(Committed.class);
        write("{\"a\":1}");
        others().updateSchema().addColumn("d", Types.LongType.get()).commit();

        assertThat(commit()).isInstanceOf(Committed.class);
    }

    @Test
    void aRecordThatWasRefusedIsTakenByAColumnThatWasWidened() {
        String large = "{\"a\":5000000000}";
        assertThatThrownBy(() -> write(large)).isInstanceOf(BadRecordException.class);
        others().updateSchema().updateColumn("a", Types.LongType.get()).commit();
        assertThat(writer.isOutdated()).as("nobody has looked at the table").isFalse();
        committer.refreshedLedger();
        assertThat(writer.isOutdated()).isTrue();
        writer.discard();
        write(large);

        assertThat(commit()).isInstanceOf(Committed.class);
        assertThat(row().getField("a")).isEqualTo(5_000_000_000L);
        assertThat(writer.isOutdated()).isFalse();
    }

    @Test
    void partitioningAndPropertiesTakeEffectWithTheNextFiles() {
        write("{\"a\":1,\"b\":\"one\"}");
        others().updateSpec().addField("b").commit();
        others().updateProperties()
                .set(TableProperties.WRITE_DATA_LOCATION, "memory://elsewhere")
                .commit();
        assertThat(commit()).as("files of an older spec fit").isInstanceOf(Committed.class);
        write("{\"a\":2,\"b\":\"two\"}");
        SealedFiles second = writer.seal();

        assertThat(second.files()).singleElement().satisfies(file -> {
            assertThat(file.location()).startsWith("memory://elsewhere/");
            assertThat(file.specId()).isEqualTo(1);
            assertThat(file.partition().get(0, String.class)).isEqualTo("two");
        });
    }

    @Test
    void filesBeforeAndAfterAChangeNeverHaveTheSameName() {
        write("{\"a\":1}");
        SealedFiles first = writer.seal();
        others().updateProperties()
                .set(TableProperties.PARQUET_COMPRESSION, "gzip")
                .commit();
        assertThat(attempt(advance(), first)).isInstanceOf(Committed.class);
        write("{\"a\":2}");
        SealedFiles second = writer.seal();

        assertThat(name(second)).isNotEqualTo(name(first));
        assertThat(attempt(advance(), second)).isInstanceOf(Committed.class);
        assertThat(orders.reread().rows()).hasSize(2);
    }

    @Test
    void aWriterThatHasWrittenNothingTakesTheTableAsItIsWhenItSeals() {
        others().updateSchema().renameColumn("a", "x").commit();
        committer.refreshedLedger();

        assertThat(attempt(advance(), writer.seal())).isInstanceOf(Committed.class);
    }

    /** Another engine's handle of the table, as it is now. */
    private Table others() {
        return orders.reopened();
    }

    private static String name(SealedFiles sealed) {
        DataFile file = sealed.files().get(0);
        return file.location().substring(file.location().lastIndexOf('/'));
    }

    private void write(String json) {
        TestTable.write(writer, next, json);
    }

    private CommitOutcome commit() {
        return attempt(advance(), writer.seal());
    }

    private PartitionStep advance() {
        return PartitionStep.advance(new OffsetRange(next, next + 1), OptionalLong.empty());
    }

    private CommitOutcome attempt(PartitionStep step, SealedFiles sealed) {
        CommitOutcome outcome = committer.attempt(new TableCommit(
                        UUID.randomUUID(),
                        "orders",
                        TableCommit.Operation.APPEND,
                        sealed.files(),
                        new TreeMap<>(Map.of(TestTable.SOURCE, step)))
                .writtenFor(List.of(sealed.schema())));
        if (outcome instanceof Committed) {
            next = step.range().end();
        }
        return outcome;
    }

    private Record row() {
        return orders.reread().rows().get(0);
    }
}
