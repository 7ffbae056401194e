package io.firn.deploy.http;

/** What a caller may do. */
enum Role {
    /** A caller that proves nothing: probes, and the page without what it shows. */
    ANYONE,
    /** Sees everything, changes nothing. */
    READER,
    /** A query engine: reads and writes the catalog, and nothing else. */
    WRITER,
    OPERATOR;

    /** What a request needs. */
    enum Permission {
        OPEN,
        /** Reads what the service shows. */
        VIEW,
        /** Reads below {@code /iceberg}. */
        READ_CATALOG,
        /** Changes something below {@code /iceberg}. */
        WRITE_CATALOG,
        /** Changes anything else. */
        OPERATE
    }

    boolean has(Permission needed) {
        return switch (needed) {
            case OPEN -> true;
            case VIEW -> this == READER || this == OPERATOR;
            case READ_CATALOG -> this != ANYONE;
            case WRITE_CATALOG -> this == WRITER || this == OPERATOR;
            case OPERATE -> this == OPERATOR;
        };
    }
}
