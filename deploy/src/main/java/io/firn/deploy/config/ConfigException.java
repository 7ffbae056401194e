package io.firn.deploy.config;

import java.util.List;
import java.util.stream.Collectors;

/** Everything that is wrong with a configuration, at once. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<ConfigProblem> problems;

    public ConfigException(List<ConfigProblem> problems) {
        super(problems.stream()
                .map(problem -> problem.what() + " (" + problem.where() + "); " + problem.action())
                .collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** At least one, in the order of the file. */
    public List<ConfigProblem> problems() {
        return problems;
    }
}
