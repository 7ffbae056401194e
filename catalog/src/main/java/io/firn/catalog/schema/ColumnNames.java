package io.firn.catalog.schema;

import java.util.Optional;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.mapping.NameMapping;
import org.apache.iceberg.mapping.NameMappingParser;

/** Columns of files that were written without field ids. */
public final class ColumnNames {
    private ColumnNames() {}

    /** How a table finds such columns, where it says so. */
    public static Optional<NameMapping> mapping(Table table) {
        return Optional.ofNullable(table.properties().get(TableProperties.DEFAULT_NAME_MAPPING))
                .map(NameMappingParser::fromJson);
    }
}
