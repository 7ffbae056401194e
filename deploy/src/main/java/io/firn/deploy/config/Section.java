package io.firn.deploy.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One mapping of the file. Every key that was asked for is known; {@link #finish} tells those that nobody asked for.
 * What is wrong goes to the problems, and the reader goes on with the default.
 */
final class Section {
    private final String path;
    private final Problems problems;
    private final Placeholders placeholders;
    private final Map<String, NodeTuple> entries = new LinkedHashMap<>();
    private final TreeSet<String> known = new TreeSet<>();
    private final Optional<Node> node;

    private Section(String path, Problems problems, Placeholders placeholders, Optional<Node> node) {
        this.path = path;
        this.problems = problems;
        this.placeholders = placeholders;
        this.node = node;
    }

    static Section of(String path, Optional<Node> node, Problems problems, Placeholders placeholders) {
        Section section = new Section(path, problems, placeholders, node);
        node.filter(present -> !isNull(present)).ifPresent(section::read);
        return section;
    }

    private void read(Node present) {
        if (!(present instanceof MappingNode)) {
            problems.at(present, path, "keys and values are expected here", "write key: value");
            return;
        }
        for (NodeTuple tuple : ((MappingNode) present).getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode)) {
                problems.at(tuple.getKeyNode(), path, "a key must be plain text", "");
                continue;
            }
            String key = ((ScalarNode) tuple.getKeyNode()).getValue();
            if (entries.put(key, tuple) != null) {
                problems.at(tuple.getKeyNode(), path(key), "the key is there twice", "remove one of them");
            }
        }
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    boolean has(String key) {
        return value(key).isPresent();
    }

    private Optional<Node> value(String key) {
        known.add(key);
        return Optional.ofNullable(entries.get(key))
                .map(NodeTuple::getValueNode)
                .filter(found -> !isNull(found));
    }

    Section section(String key) {
        return of(path(key), value(key), problems, placeholders);
    }

    /** Every entry of this section as a section of its own, by name. */
    SortedMap<String, Section> sections() {
        TreeMap<String, Section> sections = new TreeMap<>();
        entries.keySet().forEach(name -> sections.put(name, section(name)));
        return sections;
    }

    Optional<String> text(String key) {
        return value(key).flatMap(found -> scalar(found, path(key)));
    }

    String required(String key, String example) {
        if (!has(key)) {
            missing(key, example);
            return "";
        }
        return text(key).orElse("");
    }

    void missing(String key, String example) {
        problems.at(node, path(key), "the key " + key + " is missing", "add it, as " + example);
    }

    void wrong(String key, String what, String action) {
        problems.at(value(key).or(() -> node), path(key), what, action);
    }

    private Optional<String> scalar(Node found, String where) {
        if (!(found instanceof ScalarNode)) {
            problems.at(found, where, "one value is expected here", "");
            return Optional.empty();
        }
        try {
            return Optional.of(placeholders.replace(((ScalarNode) found).getValue()));
        } catch (Placeholders.Unresolved unresolved) {
            problems.at(found, where, String.valueOf(unresolved.getMessage()), "set it, or write the value itself");
            return Optional.empty();
        }
    }

    /** A list of values; a single value is a list of one. */
    List<String> texts(String key) {
        Optional<Node> found = value(key);
        if (found.isEmpty()) {
            return List.of();
        }
        if (!(found.get() instanceof SequenceNode)) {
            return scalar(found.get(), path(key)).stream().toList();
        }
        List<String> texts = new ArrayList<>();
        for (Node element : ((SequenceNode) found.get()).getValue()) {
            scalar(element, path(key)).ifPresent(texts::add);
        }
        return texts;
    }

    /** Every entry as text, for properties that are passed through. */
    SortedMap<String, String> properties() {
        TreeMap<String, String> all = new TreeMap<>();
        entries.keySet().forEach(key -> text(key).ifPresent(text -> all.put(key, text)));
        return all;
    }

    Duration duration(String key, Duration otherwise) {
        return parsed(key, otherwise, Quantities::duration, "a duration", "write it as 500ms, 10s, 5m or 1h");
    }

    long bytes(String key, long otherwise) {
        return parsed(key, otherwise, Quantities::bytes, "a size", "write it as 64KB, 128MB or 2GB");
    }

    int positive(String key, int otherwise) {
        Function<String, Optional<Integer>> parse =
                text -> text.matches("[1-9]\\d{0,8}") ? Optional.of(Integer.parseInt(text)) : Optional.empty();
        return parsed(key, otherwise, parse, "a positive whole number", "write it as 1");
    }

    boolean flag(String key, boolean otherwise) {
        Function<String, Optional<Boolean>> parse = text ->
                text.equals("true") || text.equals("false") ? Optional.of(text.equals("true")) : Optional.empty();
        return parsed(key, otherwise, parse, "true or false", "write true or false");
    }

    /** A value out of an enumeration, written in lower case with hyphens. */
    <E extends Enum<E>> Optional<E> choice(String key, Class<E> type) {
        String choices =
                Arrays.stream(type.getEnumConstants()).map(Section::written).collect(Collectors.joining(" | "));
        Function<String, Optional<Optional<E>>> parse = text -> Arrays.stream(type.getEnumConstants())
                .filter(constant -> written(constant).equals(text))
                .map(Optional::of)
                .findFirst();
        return parsed(key, Optional.empty(), parse, "one of the choices", "write one of " + choices);
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Only one value of those planned works yet: anything else that is planned is said to be so. */
    void only(String key, String supported, List<String> planned) {
        text(key).filter(text -> !text.equals(supported)).ifPresent(text -> {
            if (planned.contains(text)) {
                wrong(key, key + ": " + text + " is not supported yet", "write " + supported + " or leave it out");
            } else {
                wrong(key, quoted(key, text) + " is not a known " + key, "write " + supported + " or leave it out");
            }
        });
    }

    private <T> T parsed(String key, T otherwise, Function<String, Optional<T>> parse, String kind, String action) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return otherwise;
        }
        Optional<T> parsed = parse.apply(text.get());
        if (parsed.isEmpty()) {
            wrong(key, quoted(key, text.get()) + " is not " + kind, action);
        }
        return parsed.orElse(otherwise);
    }

    /** The value as the file has it: what a placeholder stood for may be a secret. */
    String quoted(String key, String text) {
        String raw = value(key)
                .filter(ScalarNode.class::isInstance)
                .map(found -> ((ScalarNode) found).getValue())
                .orElse(text);
        return "\"" + (Placeholders.isIn(raw) ? raw : text) + "\"";
    }

    /** Says which keys nobody asked for. */
    void finish() {
        entries.forEach((key, tuple) -> {
            if (!known.contains(key)) {
                String action = NearestKey.to(key, known)
                        .map(nearest -> "did you mean " + nearest + "?")
                        .orElse("remove it");
                problems.at(tuple.getKeyNode(), path(key), "unknown key " + key, action);
            }
        });
    }
}
