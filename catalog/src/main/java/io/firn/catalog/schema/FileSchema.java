package io.firn.catalog.schema;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;

/**
 * What new files were written for: the columns and the partition specs that the table had when they were opened. Others
 * may change the table before the files are committed; {@link #differences} decides whether the files still fit.
 *
 * @param specs that the files are partitioned by
 * @param values where the values come from, which decides how much of the table may have changed
 */
public record FileSchema(Schema schema, List<PartitionSpec> specs, Values values) {
    /** How the values of the files came to their columns. */
    public enum Values {
        /** From rows of the table, by field ID. The names of the columns do not matter. */
        BY_ID,
        /** From records or rows of another table, by name. Every field of those had a column. */
        BY_NAME,
        /** As {@link #BY_NAME}, but some fields had no column. A column that was added since may be for them. */
        BY_NAME_IN_PART
    }

    public FileSchema {
        specs = List.copyOf(specs);
    }

    /** Returns what a writer is bound to that takes columns and default spec of the table as this object has them. */
    public static FileSchema of(Table table, Values values) {
        return new FileSchema(table.schema(), List.of(table.spec()), values);
    }

    /**
     * Returns why the files must not be committed, one phrase per difference; empty if they fit.
     *
     * <p>Values that were assigned by name fit if the names of the current schema would give the same rows, except for
     * columns that were dropped. Values that were copied by ID fit if each (field ID, type) is the current one, a legal
     * source of a promotion to it, or dropped. In both cases no required column may lack a value.
     *
     * @param now the table's current schema
     * @param specsNow the table's partition specs by ID
     */
    public List<String> differences(Schema now, Map<Integer, PartitionSpec> specsNow) {
        List<String> differences = new ArrayList<>();
        if (schema != now && !schema.asStruct().equals(now.asStruct())) {
            new FieldDifferences(schema, now, values).addTo(differences);
        }
        for (PartitionSpec spec : specs) {
            PartitionSpec there = specsNow.get(spec.specId());
            if (!spec.equals(there)) {
                differences.add("partition spec " + spec.specId() + (there == null ? " is gone" : " is another one"));
            }
        }
        return differences;
    }

    /** As {@link #differences}, of the files of several writers. */
    public static List<String> differences(
            Collection<FileSchema> files, Schema now, Map<Integer, PartitionSpec> specsNow) {
        return files.stream()
                .flatMap(each -> each.differences(now, specsNow).stream())
                .distinct()
                .toList();
    }
}
