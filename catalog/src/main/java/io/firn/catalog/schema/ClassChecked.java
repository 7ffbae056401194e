package io.firn.catalog.schema;

/** Operations of a table that know which classes its properties may name. */
public interface ClassChecked {
    /** Returns the classes that the table's properties may name. */
    TableClasses classes();
}
