package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.schema.SourceColumns;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Types.NestedField;

/** Tells how the tables of an upsert pipeline get columns that only some of them have. */
final class MissingColumns {
    private MissingColumns() {}

    /** Returns the refusal with all tables and, if optional columns are missing, with the statements that add them. */
    static FirnException explained(FirnException refusal, Tables tables, List<TableRequest> wanted) {
        List<String> statements = new ArrayList<>();
        for (TableRequest request : wanted) {
            tables.open(request.identifier()).ifPresent(table -> request.schema().orElseThrow().columns().stream()
                    .filter(column -> isMissing(column, table))
                    .forEach(column -> statements.add("ALTER TABLE " + request.identifier() + " ADD COLUMN "
                            + column.name() + " " + column.type())));
        }
        String names = wanted.stream().map(TableRequest::identifier).collect(Collectors.joining(", "));
        String where = refusal.where() + " (the pipeline's tables are " + names + ")";
        String action = statements.isEmpty()
                ? refusal.action() + "; a change must be made to each of the tables that has the column"
                : "run " + String.join("; ", statements) + "; or take the column out of the schema";
        return FirnException.user(refusal.code(), refusal.what(), where, action);
    }

    /** Columns of Firn's own are no person's to add. */
    private static boolean isMissing(NestedField column, Table table) {
        return column.isOptional()
                && !SourceColumns.isSourceColumn(column.name())
                && !UpsertColumns.isUpsertColumn(column.name())
                && table.schema().findField(column.name()) == null;
    }
}
