package io.firn.deploy;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.schema.ConditionText;
import io.firn.catalog.schema.PartitionText;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.schema.WritableSchema;
import io.firn.catalog.upsert.RowSettings;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertSet;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.view.LatestTables;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.config.UpsertConfig;
import io.firn.ingest.decode.Tombstones;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Binder;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Type.TypeID;
import org.apache.iceberg.types.Types.NestedField;

/**
 * What a pipeline's configuration says about its keyed table, in the words of those who work on it.
 *
 * @param request the three tables
 * @param config of the keys
 * @param deleteWhen by names; records for which it is true delete their key
 */
public record UpsertParts(UpsertRequest request, UpsertConfig config, Optional<Expression> deleteWhen) {
    /**
     * @param tables where the keyed table's columns are looked up if none are configured
     * @return empty for a pipeline that only appends
     * @throws FirnException {@code key-invalid}, {@code order-by-invalid}, {@code condition-invalid}, {@code
     *     table-missing} or what {@link Tables#open} throws
     */
    public static Optional<UpsertParts> of(PipelineConfig pipeline, Tables tables) {
        if (pipeline.upsert().isEmpty()) {
            return Optional.empty();
        }
        UpsertConfig config = pipeline.upsert().get();
        UpsertLayout layout = new UpsertLayout(columns(pipeline, tables), config.key(), config.orderBy());
        Optional<Expression> deleteWhen = config.deleteWhen().map(text -> ConditionText.parse(layout.columns(), text));
        return Optional.of(new UpsertParts(
                new UpsertRequest(
                        pipeline.table(),
                        layout,
                        pipeline.partitionBy(),
                        Map.of(),
                        MissingLedger.REFUSE,
                        settings(pipeline, layout, deleteWhen)),
                config,
                deleteWhen));
    }

    private static RowSettings settings(PipelineConfig pipeline, UpsertLayout layout, Optional<Expression> deleteWhen) {
        UpsertConfig config = pipeline.upsert().orElseThrow();
        boolean isQuoted = config.key().size() == 1
                && Tombstones.isQuoted(layout.columns().findType(config.key().get(0)));
        Set<String> deciding = new HashSet<>(config.key());
        config.orderBy().ifPresent(deciding::add);
        deleteWhen.ifPresent(
                condition -> Binder.boundReferences(layout.columns().asStruct(), List.of(condition), true)
                        .forEach(id -> deciding.add(
                                Objects.requireNonNull(layout.columns().findColumnName(id)))));
        boolean hasTimes = deciding.stream()
                .anyMatch(column -> isTimestamp(layout.columns().findType(column)));
        return new RowSettings(
                config.deleteWhen(),
                Optional.of(config.keyFormat().name().toLowerCase(Locale.ROOT)).filter(format -> isQuoted),
                pipeline.decode()
                        .timestampUnit()
                        .map(unit -> unit.name().toLowerCase(Locale.ROOT))
                        .filter(unit -> hasTimes));
    }

    private static boolean isTimestamp(Type type) {
        return type.typeId() == TypeID.TIMESTAMP || type.typeId() == TypeID.TIMESTAMP_NANO;
    }

    private static Schema columns(PipelineConfig pipeline, Tables tables) {
        if (pipeline.schema().isPresent()) {
            return SchemaText.parse(pipeline.schema().get());
        }
        Table table = tables.open(pipeline.table()).orElseThrow(() -> keyedMissing(pipeline, tables));
        Schema writable = WritableSchema.of(table.schema(), table.spec(), table.name());
        return new Schema(writable.columns().stream()
                .filter(column -> !SourceColumns.isSourceColumn(column.name()))
                .filter(column -> !UpsertColumns.isUpsertColumn(column.name()))
                .toList());
    }

    private static FirnException keyedMissing(PipelineConfig pipeline, Tables tables) {
        return UpsertSet.read(tables, pipeline.table())
                .refusal()
                .map(refusal -> FirnException.user(
                        refusal.code(),
                        refusal.what() + "; and no schema is configured to create it with",
                        refusal.where(),
                        "set 'schema' first; then " + refusal.action()))
                .orElseGet(() -> FirnException.user(
                        "table-missing",
                        "the table does not exist and no schema is configured to create it with",
                        "table " + pipeline.table(),
                        "set 'schema' and, if you like, 'partition-by', or create the table"));
    }

    /** How ingestion fills the staging table. */
    Tombstones tombstones() {
        return new Tombstones(
                config.key(),
                config.keyFormat() == UpsertConfig.KeyFormat.JSON
                        ? Tombstones.KeyFormat.JSON
                        : Tombstones.KeyFormat.TEXT,
                request.layout().columns().columns().stream()
                        .filter(NestedField::isRequired)
                        .map(NestedField::name)
                        .collect(Collectors.toSet()));
    }

    /** @throws FirnException where the keyed table could not be partitioned as configured */
    public void checkPartitioning() {
        PartitionText.parse(request.layout().keyed(), request.partitioning());
    }

    /** Handles of the caller's own. */
    public UpsertTables open(Tables tables) {
        return UpsertTables.openOrCreate(tables, request);
    }

    /** What the view of the latest rows is made of. */
    public LatestTables latest(Schema keyedSchema) {
        String name = request.identifier();
        return new LatestTables(
                Tables.identifier(name),
                Tables.identifier(UpsertTables.stagingName(name)),
                Tables.identifier(UpsertTables.deletesName(name)),
                keyedSchema,
                config.key(),
                config.orderBy(),
                deleteWhen);
    }
}
