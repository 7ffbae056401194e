package io.firn.deploy.check;

import io.firn.deploy.config.ConfigProblem;
import java.util.List;

/**
 * Everything that a check found.
 *
 * @param problems what would keep a pipeline from running; empty when all is well
 * @param hints what works and may not be meant
 * @param samples one per pipeline whose topics and table can be used
 */
public record CheckReport(List<ConfigProblem> problems, List<ConfigProblem> hints, List<SampleReport> samples) {
    public CheckReport {
        problems = List.copyOf(problems);
        hints = List.copyOf(hints);
        samples = List.copyOf(samples);
    }
}
