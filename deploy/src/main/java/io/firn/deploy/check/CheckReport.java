package io.firn.deploy.check;

import io.firn.deploy.config.ConfigProblem;
import java.util.Collection;
import java.util.List;

/**
 * Everything that a check found.
 *
 * @param problems what would keep a pipeline from running; empty when all is well
 * @param hints what works and may not be meant
 * @param samples one per pipeline whose topics and table can be used
 * @param writtenBelow locations below which a file was written, read and deleted
 * @param notLookedAt what was not checked, a phrase each
 */
public record CheckReport(
        List<ConfigProblem> problems,
        List<ConfigProblem> hints,
        List<SampleReport> samples,
        Collection<String> writtenBelow,
        Collection<String> notLookedAt) {
    public CheckReport {
        problems = List.copyOf(problems);
        hints = List.copyOf(hints);
        samples = List.copyOf(samples);
        writtenBelow = List.copyOf(writtenBelow);
        notLookedAt = List.copyOf(notLookedAt);
    }

    /** Returns the report of a configuration that is wrong in itself, so that nothing was asked. */
    public static CheckReport ofConfiguration(List<ConfigProblem> problems) {
        return new CheckReport(problems, List.of(), List.of(), List.of(), List.of());
    }
}
