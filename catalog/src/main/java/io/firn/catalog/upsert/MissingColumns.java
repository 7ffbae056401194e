package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.schema.SqlDialect;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.NestedField;

/** Says how the tables of an upsert pipeline get columns that only some of them have. */
final class MissingColumns {
    private record Missing(String table, NestedField column) {}

    private MissingColumns() {}

    /** Returns the refusal with all tables and, if optional columns are missing, with the statements that add them. */
    static FirnException explained(FirnException refusal, Tables tables, List<TableRequest> wanted) {
        List<Missing> missing = new ArrayList<>();
        for (TableRequest request : wanted) {
            tables.open(request.identifier()).ifPresent(table -> request.schema().orElseThrow().columns().stream()
                    .filter(column -> isMissing(column, table))
                    .forEach(column -> missing.add(new Missing(request.identifier(), column))));
        }
        String names = wanted.stream().map(TableRequest::identifier).collect(Collectors.joining(", "));
        String where = refusal.where() + " (the pipeline's tables are " + names + ")";
        String action = missing.isEmpty()
                ? refusal.action() + "; a change must be made to each of the tables that has the column"
                : statements(missing) + "; or take the column out of the schema";
        return FirnException.user(refusal.code(), refusal.what(), where, action);
    }

    private static String statements(List<Missing> missing) {
        String trino = statements(missing, SqlDialect.TRINO);
        String spark = statements(missing, SqlDialect.SPARK);
        return trino.equals(spark) ? "run " + trino : "run in Trino: " + trino + "; or in Spark: " + spark;
    }

    private static String statements(List<Missing> missing, SqlDialect dialect) {
        return missing.stream()
                .map(each -> "ALTER TABLE " + table(each.table(), dialect) + " ADD COLUMN "
                        + dialect.nameIfNeeded(each.column().name()) + " "
                        + type(each.column().type(), dialect))
                .collect(Collectors.joining("; "));
    }

    private static String table(String identifier, SqlDialect dialect) {
        TableIdentifier name = Tables.identifier(identifier);
        return Stream.concat(Arrays.stream(name.namespace().levels()), Stream.of(name.name()))
                .map(dialect::nameIfNeeded)
                .collect(Collectors.joining("."));
    }

    private static String type(Type type, SqlDialect dialect) {
        try {
            return dialect.type(type);
        } catch (IllegalArgumentException noSuchType) {
            return SchemaText.of(type) + " (a type that this engine does not have)";
        }
    }

    /** Columns of Firn's own are no person's to add. */
    private static boolean isMissing(NestedField column, Table table) {
        return column.isOptional()
                && !SourceColumns.isSourceColumn(column.name())
                && !UpsertColumns.isUpsertColumn(column.name())
                && table.schema().findField(column.name()) == null;
    }
}
