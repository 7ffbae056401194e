package io.firn.catalog.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.schema.FileSchema.Values;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;

/** Which changes of a table its new files survive. */
class FileSchemaTest {
    private static final String COLUMNS = "a int, b string, f float, address struct<street string, no int>";

    private final InMemoryTables tables = new InMemoryTables();
    private final Table table =
            tables.create("t", SchemaText.parse(COLUMNS), PartitionSpec.unpartitioned(), Map.of("format-version", "3"));

    @Test
    void changesThatMakeNoDifferenceToRowsAreAccepted() {
        for (Values values : Values.values()) {
            assertThat(after(values, schema -> schema.moveFirst("f").updateColumnDoc("a", values.name())))
                    .isEmpty();
        }
        FileSchema written = FileSchema.of(table, Values.BY_NAME_IN_PART);
        change(schema -> schema.deleteColumn("b").deleteColumn("address.no"));
        assertThat(differences(written)).isEmpty();
    }

    @Test
    void aColumnThatWasAddedIsAcceptedUnlessFieldsOfTheRecordsHadNoColumn() {
        assertThat(after(Values.BY_ID, schema -> schema.addColumn("c1", Types.LongType.get())))
                .isEmpty();
        assertThat(after(Values.BY_NAME, schema -> schema.addColumn("c2", Types.LongType.get())))
                .isEmpty();
        assertThat(after(Values.BY_NAME_IN_PART, schema -> schema.addColumn("c3", Types.LongType.get())))
                .containsExactly("column 'c3' was added");
        assertThat(after(Values.BY_NAME_IN_PART, schema -> schema.addColumn("address", "city", Types.StringType.get())))
                .containsExactly("column 'address.city' was added");
        assertThat(after(Values.BY_NAME, schema -> schema.addColumn(SourceColumns.OFFSET, Types.LongType.get())))
                .containsExactly("column '_source_offset' was added");
    }

    @Test
    void aRenamedColumnKeepsCopiedValuesAndHasRecordsDecodedAgain() {
        assertThat(after(Values.BY_ID, schema -> schema.renameColumn("a", "x"))).isEmpty();
        assertThat(after(Values.BY_NAME, schema -> schema.renameColumn("b", "y")))
                .containsExactly("column 'b' was renamed to 'y'");
        assertThat(after(Values.BY_NAME, schema -> schema.renameColumn("address.no", "number")))
                .containsExactly("column 'address.no' was renamed to 'number'");
    }

    @Test
    void namesThatChangeHandsHaveRecordsDecodedAgain() {
        FileSchema written = FileSchema.of(table, Values.BY_NAME);
        change(schema -> schema.renameColumn("a", "was_a"));
        change(schema -> schema.renameColumn("b", "a"));

        assertThat(differences(written))
                .containsExactlyInAnyOrder("column 'a' was renamed to 'was_a'", "column 'b' was renamed to 'a'");
    }

    @Test
    void aColumnThatWasDroppedAndAddedAgainIsAnotherOne() {
        FileSchema decoded = FileSchema.of(table, Values.BY_NAME);
        FileSchema copied = FileSchema.of(table, Values.BY_ID);
        change(schema -> schema.deleteColumn("a"));
        change(schema -> schema.addColumn("a", Types.IntegerType.get()));

        assertThat(differences(decoded)).containsExactly("column 'a' (field 1) is field 7 now");
        assertThat(differences(copied)).as("old values are not visible").isEmpty();
    }

    @Test
    void aWiderTypeTakesCopiedValuesAndHasRecordsDecodedAgain() {
        assertThat(after(Values.BY_ID, schema -> schema.updateColumn("a", Types.LongType.get())))
                .isEmpty();
        assertThat(after(Values.BY_NAME, schema -> schema.updateColumn("f", Types.DoubleType.get())))
                .containsExactly("column 'f' was float and is double");
    }

    @Test
    void aColumnThatMustNotBeNullAnyMoreTakesNoFilesThatMayHoldNulls() {
        for (Values values : List.of(Values.BY_ID, Values.BY_NAME)) {
            FileSchema optional = FileSchema.of(table, values);
            change(schema -> schema.allowIncompatibleChanges().requireColumn("a"));
            assertThat(differences(optional)).containsExactly("column 'a' must not be null any more");
            FileSchema required = FileSchema.of(table, values);
            change(schema -> schema.makeColumnOptional("a"));
            assertThat(differences(required)).isEmpty();
        }
    }

    @Test
    void aRequiredColumnThatWasAddedNeedsADefault() {
        assertThat(after(Values.BY_ID, schema -> schema.allowIncompatibleChanges()
                        .addRequiredColumn("r", Types.LongType.get())))
                .containsExactly("column 'r' was added and must not be null");
        assertThat(after(
                        Values.BY_NAME,
                        schema -> schema.addRequiredColumn("d", Types.LongType.get(), Expressions.lit(5L))))
                .isEmpty();
    }

    @Test
    void aTableThatWasReplacedAndUsesTheFieldIdsForOtherTypesTakesNothing() {
        FileSchema copied = FileSchema.of(table, Values.BY_ID);
        replace("a string, b string");

        assertThat(differences(copied)).containsExactly("column 'a' was int and is string");
    }

    @Test
    void filesNeedThePartitionSpecThatTheyWereWrittenWith() {
        FileSchema unpartitioned = FileSchema.of(table, Values.BY_NAME);
        table.updateSpec().addField("a").commit();
        assertThat(differences(unpartitioned)).as("an older spec").isEmpty();
        FileSchema byA = FileSchema.of(table, Values.BY_NAME);
        assertThat(differences(byA)).isEmpty();

        table.updateSpec().removeField("a").commit();
        table.expireSnapshots().cleanExpiredMetadata(true).commit();
        assertThat(differences(byA)).containsExactly("partition spec 1 is gone");

        table.updateSpec().addField("b").commit();
        assertThat(differences(byA)).containsExactly("partition spec 1 is another one");
    }

    private List<String> after(Values values, Consumer<UpdateSchema> change) {
        FileSchema written = FileSchema.of(table, values);
        change(change);
        return differences(written);
    }

    private void change(Consumer<UpdateSchema> change) {
        UpdateSchema schema = table.updateSchema();
        change.accept(schema);
        schema.commit();
    }

    private void replace(String columns) {
        TableOperations operations = ((HasTableOperations) table).operations();
        TableMetadata now = operations.refresh();
        operations.commit(
                now,
                now.buildReplacement(
                        SchemaText.parse(columns),
                        PartitionSpec.unpartitioned(),
                        SortOrder.unsorted(),
                        now.location(),
                        Map.of()));
        table.refresh();
    }

    private List<String> differences(FileSchema written) {
        table.refresh();
        return written.differences(table.schema(), table.specs());
    }
}
