package io.firn.deploy.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** Gathers what is wrong with one file. */
final class Problems {
    private final String file;
    private final List<ConfigProblem> found = new ArrayList<>();

    Problems(String file) {
        this.file = file;
    }

    void at(Node node, String path, String what, String action) {
        at(Optional.of(node), path, what, action);
    }

    void at(Optional<Node> node, String path, String what, String action) {
        marked(node.flatMap(Node::getStartMark), path, what, action);
    }

    void marked(Optional<Mark> mark, String path, String what, String action) {
        String position = mark.map(at -> ":" + (at.getLine() + 1) + ":" + (at.getColumn() + 1))
                .orElse("");
        found.add(new ConfigProblem(what, file + position + (path.isEmpty() ? "" : ", " + path), action));
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new ConfigException(found);
        }
    }
}
