package io.firn.compaction.sim;

import io.firn.catalog.location.RegisteredTables;
import io.firn.catalog.location.TableRoots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A table of others in the location of one of Firn's: another engine renamed it away or dropped it without its files,
 * and Firn's was created in its place; or it lies below Firn's. Its files must never go.
 */
final class Neighbours implements RegisteredTables {
    private static final String UUID = "7d4b2f8e-0000-4000-8000-000000000001";

    private final SimTables tables;
    private final Consumer<String> happened;
    private final Map<String, TableRoots> registered = new TreeMap<>();
    private final Set<String> files = new HashSet<>();
    private final Set<String> hosts = new HashSet<>();

    Neighbours(SimTables tables, Consumer<String> happened) {
        this.tables = tables;
        this.happened = happened;
    }

    void appear(Random random) {
        String host = Story.TABLES.get(random.nextInt(Story.TABLES.size()));
        String location = tables.metadata(host).location();
        hosts.add(host);
        switch (random.nextInt(4)) {
            case 0 -> {
                registered.put("renamed", new TableRoots(UUID, List.of(location)));
                add(location, location);
                happened.accept("a renamed table keeps its files in the location of " + host);
            }
            case 1 -> {
                add(location, location);
                happened.accept("a dropped table keeps its files in the location of " + host);
            }
            case 2 -> {
                add(location + "/data/inner", location + "/data/inner");
                happened.accept("a table lies below the location of " + host);
            }
            default -> {
                registered.put(
                        "elsewhere", new TableRoots(UUID, List.of("mem://lake/elsewhere", location + "/data/x")));
                add(location + "/data/x", "mem://lake/elsewhere");
                happened.accept("a table has its data below the location of " + host);
            }
        }
    }

    private void add(String data, String metadata) {
        put(data + "/data/00000-0-neighbour-00001.parquet", "rows");
        put(metadata + "/metadata/snap-1-neighbour.avro", "manifests");
        put(
                metadata + "/metadata/00001-neighbour.metadata.json",
                "{\"format-version\":2,\"table-uuid\":\"" + UUID + "\"}");
    }

    private void put(String location, String text) {
        tables.store().putOfOthers(location, text.getBytes(StandardCharsets.UTF_8));
        files.add(location);
    }

    /** Returns whether a table shares its location, so that nothing of it is cleaned up. */
    boolean isIn(String table) {
        return hosts.contains(table);
    }

    void requireAll() {
        for (String file : files) {
            if (!tables.store().holds(file)) {
                throw new Violation("removed, and of another table: " + file);
            }
        }
    }

    @Override
    public List<String> besides(String table) {
        List<String> names = new ArrayList<>(Story.TABLES);
        names.remove(table);
        names.addAll(registered.keySet());
        return names;
    }

    @Override
    public Optional<TableRoots> roots(String name) {
        return Optional.of(registered.containsKey(name) ? registered.get(name) : TableRoots.of(tables.metadata(name)));
    }
}
