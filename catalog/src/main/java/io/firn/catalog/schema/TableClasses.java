package io.firn.catalog.schema;

import io.firn.catalog.FirnException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;

/**
 * The classes that a table's properties may name. Whoever may alter a table can set a property by which Iceberg loads a
 * class and calls its constructor, with the rights of this process. So none is loaded unless the configuration names
 * it.
 *
 * @param allowed full names of classes
 */
public record TableClasses(Set<String> allowed) {
    /** No class is allowed. */
    public static final TableClasses NONE = new TableClasses(Set.of());

    /**
     * How Iceberg, its file systems and Parquet end the names of properties that name a class. Today a table's property
     * of these is read for the location provider alone; Parquet's and Hadoop's settings are copied from the table.
     */
    private static final Pattern KEY =
            Pattern.compile("(?i)(.*[.-])?(impl|class|classes|factory|credentials-provider|reporters?|codecs)");

    /** A class in a package. Other values of such properties, as {@code team.class = gold}, load nothing. */
    private static final Pattern CLASS_NAME = Pattern.compile("\\s*([\\w$]+\\.)+[\\w$]+\\s*(,.*)?", Pattern.DOTALL);

    /** Copies the set. */
    public TableClasses {
        allowed = Set.copyOf(allowed);
    }

    /** Returns whether a property of this name and value makes Iceberg load a class. */
    public static boolean namesClass(String property, String value) {
        return property.equals(TableProperties.WRITE_LOCATION_PROVIDER_IMPL)
                || KEY.matcher(property).matches() && CLASS_NAME.matcher(value).matches();
    }

    /**
     * Returns why the table may not be used: one of its properties names a class that is not allowed.
     *
     * @param properties of a table, or those that a request sets
     * @param table its name, for the error
     */
    public Optional<FirnException> refusal(Map<String, String> properties, String table) {
        return new TreeMap<>(properties)
                .entrySet().stream()
                        .filter(property -> namesClass(property.getKey(), property.getValue())
                                && !allowed.contains(property.getValue()))
                        .findFirst()
                        .map(property -> FirnException.user(
                                "table-class-refused",
                                "the table property " + property.getKey() + " names a class, '" + property.getValue()
                                        + "', that the configuration does not allow",
                                "table " + table,
                                "remove the property (ALTER TABLE ... UNSET TBLPROPERTIES), or name the class under the"
                                        + " pipeline's key table-classes"));
    }

    /** Returns {@link #refusal(Map, String)} of a table by the classes that it was opened with; none if it was not. */
    static Optional<FirnException> refusal(Table table, String name) {
        TableClasses classes =
                table instanceof HasTableOperations && ((HasTableOperations) table).operations() instanceof ClassChecked
                        ? ((ClassChecked) ((HasTableOperations) table).operations()).classes()
                        : NONE;
        return classes.refusal(table.properties(), name);
    }
}
