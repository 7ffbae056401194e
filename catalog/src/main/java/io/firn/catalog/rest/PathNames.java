package io.firn.catalog.rest;

import java.util.Map;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.BadRequestException;
import org.apache.iceberg.rest.RESTUtil;

/** The names in a path. Clients write a space as {@code %20} or, older ones, as a plus; levels are parted by 0x1F. */
record PathNames(Map<String, String> encoded) {
    private static final String LEVEL_SEPARATOR = "%1F";

    PathNames {
        encoded = Map.copyOf(encoded);
    }

    Namespace namespace() {
        return RESTUtil.decodeNamespace(named("namespace"), LEVEL_SEPARATOR);
    }

    TableIdentifier table() {
        return TableIdentifier.of(namespace(), RESTUtil.decodeString(named("table")));
    }

    TableIdentifier view() {
        return TableIdentifier.of(namespace(), RESTUtil.decodeString(named("view")));
    }

    private String named(String name) {
        String found = encoded.get(name);
        if (found == null || found.isEmpty()) {
            throw new BadRequestException("the path names no %s", name);
        }
        return found;
    }
}
