package io.firn.deploy.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Parsed YAML, to be walked by {@code a/b/0/c}. */
record Yaml(Object root) {
    static Yaml of(Path file) throws IOException {
        return new Yaml(load().loadFromString(Files.readString(file)));
    }

    /** The documents of a stream that are objects. */
    static List<Yaml> all(String text) {
        List<Yaml> documents = new ArrayList<>();
        for (Object document : load().loadAllFromString(text)) {
            if (document instanceof Map) {
                documents.add(new Yaml(document));
            }
        }
        return documents;
    }

    private static Load load() {
        return new Load(LoadSettings.builder().build());
    }

    Yaml at(String path) {
        Object here = root;
        for (String step : path.split("/")) {
            Object next =
                    here instanceof List ? ((List<?>) here).get(Integer.parseInt(step)) : ((Map<?, ?>) here).get(step);
            if (next == null) {
                throw new AssertionError("there is no " + step + " of " + path + " in " + root);
            }
            here = next;
        }
        return new Yaml(here);
    }

    boolean has(String key) {
        return ((Map<?, ?>) root).containsKey(key);
    }

    /** Of a key that may have slashes. */
    String value(String key) {
        return String.valueOf(((Map<?, ?>) root).get(key));
    }

    String text() {
        return String.valueOf(root);
    }

    List<String> texts() {
        return ((List<?>) root).stream().map(String::valueOf).toList();
    }

    List<String> keys() {
        return ((Map<?, ?>) root).keySet().stream().map(String::valueOf).toList();
    }
}
