package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.commit.DelegatingOperations;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.write.WriteSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.LocationProvider;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.jdbc.UncheckedSQLException;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;

class StoreAwayTest {
    private static final Schema SCHEMA = new Schema(
            Types.NestedField.optional(1, "k", Types.StringType.get()),
            Types.NestedField.optional(2, "v", Types.LongType.get()));

    @Test
    void aStoreThatFailsAtTheSealLeavesAWriterThatCanBeDiscardedAndUsedAgain() {
        TestTable table = TestTable.of(
                SCHEMA, PartitionSpec.builderFor(SCHEMA).identity("k").build());
        FailingIo io = new FailingIo(table.table().io());
        RowBatchWriter writer = RowBatchWriter.create(
                new OtherIo(table.table(), io), DecodeSettings.defaults(), WriteSettings.defaults(UUID.randomUUID()));
        TestTable.write(writer, 0, "{\"k\":\"a\",\"v\":1}");
        TestTable.write(writer, 1, "{\"k\":\"b\",\"v\":2}");
        io.away = true;
        assertThatThrownBy(writer::seal).isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> TestTable.write(writer, 2, "{\"k\":\"a\"}")).hasMessageContaining("not discarded");
        writer.discard();
        io.away = false;
        assertThat(writer.bufferedBytes()).isZero();
        TestTable.write(writer, 0, "{\"k\":\"a\",\"v\":1}");
        table.append(writer.seal().files());
        assertThat(table.rows()).hasSize(1);
    }

    @Test
    void discardRemovesEveryFileThatWasBegun() {
        TestTable table = TestTable.of(
                SCHEMA, PartitionSpec.builderFor(SCHEMA).identity("k").build());
        FailingIo io = new FailingIo(table.table().io());
        RowBatchWriter writer = RowBatchWriter.create(
                new OtherIo(table.table(), io),
                DecodeSettings.defaults(),
                WriteSettings.defaults(UUID.randomUUID()).withMaxOpenFiles(2).withTargetFileBytes(1));
        for (int i = 0; i < 5; i++) {
            TestTable.write(writer, i, "{\"k\":\"" + i + "\"}");
        }
        writer.discard();
        assertThat(io.begun).hasSize(5).allSatisfy(location -> assertThatThrownBy(
                        () -> table.table().io().newInputFile(location))
                .isInstanceOf(NotFoundException.class));
    }

    @Test
    void aCatalogThatIsAwayHindersNoFileFromBeingWritten() {
        TestTable table = TestTable.of(
                SCHEMA, PartitionSpec.builderFor(SCHEMA).identity("k").build());
        AwayCatalog catalog = new AwayCatalog(((BaseTable) table.table()).operations());
        RowBatchWriter writer = RowBatchWriter.create(
                new BaseTable(catalog, "shop.orders"),
                DecodeSettings.defaults(),
                WriteSettings.defaults(UUID.randomUUID()));
        catalog.away = true;
        TestTable.write(writer, 0, "{\"k\":\"a\",\"v\":1}");
        table.append(writer.seal().files());
        assertThat(table.rows()).hasSize(1);
    }

    /** As the operations of a catalog in a database, whose every look may be a question to it after a commit. */
    private static final class AwayCatalog extends DelegatingOperations {
        private boolean away;

        AwayCatalog(TableOperations table) {
            super(table);
        }

        @Override
        public TableMetadata current() {
            if (away) {
                throw new UncheckedSQLException("connection reset");
            }
            return super.current();
        }

        @Override
        public LocationProvider locationProvider() {
            current();
            return super.locationProvider();
        }

        @Override
        public TableMetadata refresh() {
            return current();
        }

        @Override
        public void commit(TableMetadata base, TableMetadata metadata) {
            table().commit(base, metadata);
        }
    }

    /** The table with another store under it. */
    private static final class OtherIo extends BaseTable {
        private static final long serialVersionUID = 1L;

        private final transient FileIO io;

        OtherIo(Table table, FileIO io) {
            super(operations(table), table.name());
            this.io = io;
        }

        @Override
        public FileIO io() {
            return io;
        }

        private static TableOperations operations(Table table) {
            return ((BaseTable) table).operations();
        }
    }

    private static final class FailingIo implements FileIO {
        private static final long serialVersionUID = 1L;

        private final transient FileIO inner;
        private final List<String> begun = new ArrayList<>();
        private boolean away;

        FailingIo(FileIO inner) {
            this.inner = inner;
        }

        @Override
        public InputFile newInputFile(String path) {
            return inner.newInputFile(path);
        }

        @Override
        public OutputFile newOutputFile(String path) {
            begun.add(path);
            OutputFile file = inner.newOutputFile(path);
            return new OutputFile() {
                @Override
                public PositionOutputStream create() {
                    return stream(file.create());
                }

                @Override
                public PositionOutputStream createOrOverwrite() {
                    return stream(file.createOrOverwrite());
                }

                @Override
                public String location() {
                    return path;
                }

                @Override
                public InputFile toInputFile() {
                    return file.toInputFile();
                }
            };
        }

        private PositionOutputStream stream(PositionOutputStream stream) {
            return new PositionOutputStream() {
                @Override
                public long getPos() throws IOException {
                    return stream.getPos();
                }

                @Override
                public void write(int b) throws IOException {
                    check();
                    stream.write(b);
                }

                @Override
                public void write(byte[] bytes, int start, int length) throws IOException {
                    check();
                    stream.write(bytes, start, length);
                }

                @Override
                public void close() throws IOException {
                    check();
                    stream.close();
                }

                private void check() throws IOException {
                    if (away) {
                        throw new IOException("the store is away");
                    }
                }
            };
        }

        @Override
        public void deleteFile(String path) {
            if (away) {
                throw new UncheckedIOException(new IOException("the store is away"));
            }
            inner.deleteFile(path);
        }
    }
}
