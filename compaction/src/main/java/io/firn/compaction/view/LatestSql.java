package io.firn.compaction.view;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.schema.SqlDialect;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.compaction.Incarnation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.iceberg.Schema;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.types.Types.NestedField;

/**
 * The query for the freshest answer, by the same order as the merge: the order column where there is one, then the
 * order timestamp, topic, its incarnation, partition, offset. Pure.
 *
 * <p>Staging rows that are merged already would change nothing, but for rows that somebody deleted from the keyed
 * table; so they are left out, by the offsets of the ledger that the query was made for. With an older ledger it reads
 * more and says the same.
 */
public final class LatestSql {
    private static final String TIME = "_firn_time";
    private static final String DELETED = "_firn_deleted";
    private static final String RANK = "_firn_rank";

    private final LatestTables tables;
    private final Ledger merged;
    private final SqlDialect dialect;

    /** @param merged the ledger of the keyed table */
    public LatestSql(LatestTables tables, Ledger merged, SqlDialect dialect) {
        this.tables = tables;
        this.merged = merged;
        this.dialect = dialect;
    }

    /**
     * The columns are those of the keyed table but for its order timestamp and the topic's id.
     *
     * @throws IllegalArgumentException where the dialect has no type for a column
     */
    public String query() {
        List<String> columns = columns().map(this::name).toList();
        String listed = String.join(", ", columns);
        List<String> version =
                tables.orderBy().map(column -> List.of(name(column))).orElse(List.of());
        List<String> keys = tables.key().stream().map(this::name).toList();
        List<String> source = new ArrayList<>(List.of(name(SourceColumns.TOPIC)));
        if (hasIncarnations()) {
            source.add(name(UpsertColumns.TOPIC_ID));
        }
        source.add(name(SourceColumns.PARTITION));
        String read = listed + (hasIncarnations() ? ", " + name(UpsertColumns.TOPIC_ID) : "");
        String history = Stream.of(keys, version, source).flatMap(List::stream).collect(Collectors.joining(", "));
        List<String> order = new ArrayList<>(version);
        order.add(name(UpsertColumns.ORDER_TIMESTAMP));
        order.addAll(source);
        order.add(name(SourceColumns.OFFSET));
        String latestFirst =
                order.stream().map(column -> column + " desc nulls last").collect(Collectors.joining(", "));
        return "select " + listed + "\nfrom (\n"
                + "  select " + listed + ", " + name(DELETED) + ", row_number() over (partition by "
                + String.join(", ", keys) + " order by " + latestFirst + ") as " + name(RANK) + "\n"
                + "  from (\n"
                + "    select " + read + ", " + name(DELETED) + ", max(" + name(TIME) + ") over (partition by "
                + history + " order by " + name(SourceColumns.OFFSET)
                + " rows between unbounded preceding and current row) as " + name(UpsertColumns.ORDER_TIMESTAMP) + "\n"
                + "    from (\n"
                + "      select " + read + ", " + name(UpsertColumns.ORDER_TIMESTAMP) + " as " + name(TIME)
                + ", false as " + name(DELETED) + " from " + table(tables.keyed()) + "\n"
                + "      union all\n"
                + "      select " + read + ", " + name(SourceColumns.TIMESTAMP) + " as " + name(TIME) + ", "
                + deleted() + " as " + name(DELETED) + " from " + table(tables.staging()) + unmerged() + "\n"
                + "      union all\n"
                + "      select " + deletedColumns() + ", " + name(UpsertColumns.ORDER_TIMESTAMP) + " as " + name(TIME)
                + ", true as " + name(DELETED) + " from " + table(tables.deletes()) + "\n"
                + "    ) as records\n"
                + "  ) as timed\n"
                + ") as ranked\n"
                + "where " + name(RANK) + " = 1 and not " + name(DELETED);
    }

    /** What the query answers with. */
    public Schema schema() {
        return new Schema(tables.keyedSchema().columns().stream()
                .filter(column -> !UpsertColumns.isUpsertColumn(column.name()))
                .toList());
    }

    private Stream<String> columns() {
        return schema().columns().stream().map(NestedField::name);
    }

    private String deleted() {
        String tombstone = "coalesce(" + name(UpsertColumns.TOMBSTONE) + ", false)";
        return tables.deleteWhen()
                .map(condition -> "(" + tombstone + " or coalesce(" + sql(condition) + ", false))")
                .orElse(tombstone);
    }

    private String sql(Expression condition) {
        return ConditionSql.of(condition, tables.keyedSchema(), dialect);
    }

    private boolean hasIncarnations() {
        return tables.keyedSchema().findField(UpsertColumns.TOPIC_ID) != null;
    }

    private String unmerged() {
        StringBuilder cases = new StringBuilder();
        merged.pipelines().forEach((pipeline, partitions) -> {
            for (String topic : Incarnation.topics(merged, pipeline)) {
                addCases(merged.incarnations(pipeline, topic), cases);
            }
        });
        return cases.isEmpty() ? "" : " where " + name(SourceColumns.OFFSET) + " >= case" + cases + " else 0 end";
    }

    /** Below which offset a record is merged, of each incarnation that the keyed table knows; of later ones none is. */
    private void addCases(List<SortedMap<SourcePartition, PartitionEntry>> incarnations, StringBuilder cases) {
        SourcePartition oldest = incarnations.get(0).firstKey();
        for (int i = 0; i < incarnations.size(); i++) {
            SourcePartition first = incarnations.get(i).firstKey();
            cases.append(" when ")
                    .append(name(SourceColumns.TOPIC))
                    .append(" = ")
                    .append(dialect.text(first.topic()));
            if (hasIncarnations()) {
                cases.append(" and coalesce(")
                        .append(name(UpsertColumns.TOPIC_ID))
                        .append(", ")
                        .append(dialect.text(oldest.topicId()))
                        .append(") = ")
                        .append(dialect.text(first.topicId()));
            }
            cases.append(" then ");
            if (i < incarnations.size() - 1) {
                cases.append(Long.MAX_VALUE);
            } else {
                cases.append("case ").append(name(SourceColumns.PARTITION));
                incarnations.get(i).forEach((partition, entry) -> cases.append(" when ")
                        .append(partition.partition())
                        .append(" then ")
                        .append(entry.next()));
                cases.append(" else 0 end");
            }
        }
    }

    /** A known delete has no values but those of its key and position. */
    private String deletedColumns() {
        Optional<String> version = tables.orderBy();
        return schema().columns().stream()
                        .map(column -> tables.key().contains(column.name())
                                        || SourceColumns.isSourceColumn(column.name())
                                        || version.filter(column.name()::equals).isPresent()
                                ? name(column.name())
                                : "cast(null as " + dialect.type(column.type()) + ") as " + name(column.name()))
                        .collect(Collectors.joining(", "))
                + (hasIncarnations() ? ", " + name(UpsertColumns.TOPIC_ID) : "");
    }

    private String table(TableIdentifier table) {
        return Stream.concat(Stream.of(table.namespace().levels()), Stream.of(table.name()))
                .map(dialect::name)
                .collect(Collectors.joining("."));
    }

    private String name(String name) {
        return dialect.name(name);
    }
}
