package io.firn.catalog.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.firn.catalog.FirnException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.parquet.TripleWriter;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.ParquetEncodingException;
import org.apache.parquet.schema.MessageType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A file is closed only if every column has the entries that its rows demand, whichever writer writes it. */
class ColumnAgreementTest {
    /** Columns in Parquet's order: id, l.a, l.b, l.inner, s.x, s.y. */
    private static final Schema SCHEMA = new Schema(
            NestedField.required(1, "id", Types.LongType.get()),
            NestedField.optional(
                    2,
                    "l",
                    Types.ListType.ofOptional(
                            3,
                            Types.StructType.of(
                                    NestedField.optional(4, "a", Types.LongType.get()),
                                    NestedField.optional(5, "b", Types.LongType.get()),
                                    NestedField.optional(
                                            6, "inner", Types.ListType.ofOptional(7, Types.LongType.get()))))),
            NestedField.optional(
                    8,
                    "s",
                    Types.StructType.of(
                            NestedField.optional(9, "x", Types.LongType.get()),
                            NestedField.optional(10, "y", Types.LongType.get()))));

    /** Two elements of l; the first has two of inner; s is there, y is null. */
    private static void whole(ColumnWriter[] to) {
        to[0].write(1L, 0, 0);
        to[1].write(1L, 0, 4);
        to[1].write(2L, 1, 4);
        to[2].writeNull(0, 3);
        to[2].writeNull(1, 3);
        to[3].write(1L, 0, 6);
        to[3].write(2L, 2, 6);
        to[3].writeNull(1, 3);
        to[4].write(1L, 0, 2);
        to[5].writeNull(0, 1);
    }

    static Stream<Arguments> spoiled() {
        Map<String, Consumer<ColumnWriter[]>> rows = new HashMap<>();
        rows.put("id has entries for 9 of 10 rows", to -> {
            whole(without(to, 0));
        });
        rows.put("l.list.element.b has entries for 9 of 10 rows", to -> {
            whole(without(to, 2));
        });
        rows.put("s.y has entries for 9 of 10 rows", to -> {
            whole(without(to, 5));
        });
        rows.put("s.x has entries for 11 of 10 rows", to -> {
            whole(to);
            to[4].write(5L, 0, 2);
        });
        rows.put("l.list.element.b has 19 entries, column l.list.element.a 20 for 10 rows", to -> {
            whole(without(to, 2));
            to[2].writeNull(0, 3);
        });
        rows.put("l.list.element.inner.list.element has 19 entries, column l.list.element.a 20 for 10 rows", to -> {
            whole(without(to, 3));
            to[3].write(1L, 0, 6);
            to[3].write(2L, 2, 6);
            to[3].write(3L, 2, 6);
        });
        rows.put("s.y differs from column s.x in where the field around them is null, for 10 rows", to -> {
            whole(without(to, 5));
            to[5].writeNull(0, 0);
        });
        return rows.entrySet().stream().flatMap(row -> Stream.of("zstd", "gzip")
                .map(codec -> Arguments.of(codec, row.getKey(), row.getValue())));
    }

    @ParameterizedTest
    @MethodSource("spoiled")
    void aFileWhoseColumnsDisagreeIsNotClosed(String codec, String message, Consumer<ColumnWriter[]> spoiled)
            throws IOException {
        DataWriter<Consumer<ColumnWriter[]>> writer = writer(codec);
        for (int i = 0; i < 10; i++) {
            writer.write(i == 7 ? spoiled : ColumnAgreementTest::whole);
        }
        Throwable failure = catchThrowable(writer::close);
        // Where rows are lacking, Parquet's own writer sometimes sees it first.
        if (codec.equals("zstd") || !(failure instanceof ParquetEncodingException)) {
            assertThat(failure)
                    .isInstanceOf(FirnException.class)
                    .hasMessageContaining(message)
                    .hasMessageContaining("memory.shop.orders");
            assertThat(((FirnException) failure).kind()).isEqualTo(FirnException.Kind.INTERNAL);
        }
        assertThatThrownBy(writer::toDataFile).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(strings = {"zstd", "gzip", "snappy", "uncompressed", "lz4_raw"})
    void aFileWhoseColumnsAgreeIsClosed(String codec) throws IOException {
        DataWriter<Consumer<ColumnWriter[]>> writer = writer(codec);
        for (int i = 0; i < 10; i++) {
            writer.write(ColumnAgreementTest::whole);
        }
        writer.close();
        assertThat(writer.toDataFile().recordCount()).isEqualTo(10);
    }

    private static ColumnWriter[] without(ColumnWriter[] to, int column) {
        ColumnWriter[] rest = to.clone();
        rest[column] = (ColumnWriter) java.lang.reflect.Proxy.newProxyInstance(
                ColumnAgreementTest.class.getClassLoader(),
                new Class<?>[] {ColumnWriter.class},
                (proxy, method, arguments) -> null);
        return rest;
    }

    private static DataWriter<Consumer<ColumnWriter[]>> writer(String codec) {
        InMemoryCatalog catalog = new InMemoryCatalog();
        catalog.initialize("memory", Map.of());
        catalog.createNamespace(Namespace.of("shop"));
        Table table = catalog.createTable(
                TableIdentifier.of("shop", "orders"),
                SCHEMA,
                PartitionSpec.unpartitioned(),
                Map.of(TableProperties.PARQUET_COMPRESSION, codec));
        EncryptedOutputFile file =
                OutputFileFactory.builderFor(table, 0, 0).build().newOutputFile();
        return ParquetDataFile.open(table, table.schema(), file, null, Rows::new, Map.of());
    }

    private static final class Rows implements ParquetValueWriter<Consumer<ColumnWriter[]>> {
        private final List<ColumnDescriptor> columns;
        private ColumnWriter[] writers = {};

        Rows(MessageType type) {
            this.columns = type.getColumns();
        }

        @Override
        public void write(int repetition, Consumer<ColumnWriter[]> row) {
            row.accept(writers);
        }

        @Override
        public List<TripleWriter<?>> columns() {
            return List.of();
        }

        @Override
        public void setColumnStore(ColumnWriteStore store) {
            writers = columns.stream().map(store::getColumnWriter).toArray(ColumnWriter[]::new);
        }
    }
}
