package io.firn.deploy;

import io.firn.catalog.FirnException;
import io.firn.deploy.http.HttpService;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.record.Outage;
import io.firn.ingest.record.PipelineHealth;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** All pipelines of a process, each under a supervisor of its own. */
final class Supervisors implements PipelineStates, AutoCloseable {
    /** For a pipeline to end by itself once its time is over. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final List<PipelineSupervisor> all;
    private final Service.OnPipelineFailure onFailure;

    /** @param onFailure whether the first failure ends the process, or only the last */
    Supervisors(List<PipelineSupervisor> all, Service.OnPipelineFailure onFailure) {
        this.all = List.copyOf(all);
        this.onFailure = onFailure;
    }

    /** Starts all, in the background. */
    void start() {
        all.forEach(PipelineSupervisor::start);
    }

    List<PipelineStatus> statuses() {
        return all.stream().map(PipelineSupervisor::status).toList();
    }

    /** @throws FirnException {@code pipeline-unknown} */
    PipelineSupervisor of(String name) {
        return all.stream()
                .filter(pipeline -> pipeline.name().equals(name))
                .findFirst()
                .orElseThrow(() -> HttpService.unknown(name, statuses()));
    }

    @Override
    public boolean hasOpened(String pipeline) {
        return of(pipeline).hasOpened();
    }

    @Override
    public PipelineHealth health(String pipeline) {
        return of(pipeline).health();
    }

    /** Returns a listener that warns of a system that all pipelines use. */
    Outage.Listener outagesOf(String component) {
        return new Outage.Listener() {
            @Override
            public void outage(String reason) {
                all.forEach(pipeline -> pipeline.health().warn(component, reason));
            }

            @Override
            public void recovered() {
                all.forEach(pipeline -> pipeline.health().clear(component));
            }
        };
    }

    boolean allOpened() {
        return all.stream().allMatch(PipelineSupervisor::hasOpened);
    }

    /**
     * Returns why the process has to end: all pipelines have failed, or one and that is enough. Of several failures it
     * is one that another start may mend, if there is one: the exit code follows from it.
     */
    Optional<FirnException> failure() {
        List<FirnException> failures =
                all.stream().flatMap(each -> each.failure().stream()).toList();
        boolean ends = onFailure == Service.OnPipelineFailure.END ? !failures.isEmpty() : failures.size() == all.size();
        if (!ends) {
            return Optional.empty();
        }
        return failures.stream()
                .filter(failure -> failure.kind() != FirnException.Kind.USER)
                .findFirst()
                .or(() -> failures.stream().findFirst());
    }

    /**
     * Stops all at once, each within the time.
     *
     * @return whether everything consumed was committed and none was failed
     */
    boolean stop(Duration time) throws InterruptedException {
        all.forEach(pipeline -> pipeline.requestStop(time));
        long deadline = System.nanoTime() + time.plus(LAST_WORDS).toNanos();
        boolean clean = true;
        for (PipelineSupervisor pipeline : all) {
            clean &= pipeline.awaitStop(Duration.ofNanos(deadline - System.nanoTime()));
        }
        return clean;
    }

    @Override
    public void close() {
        all.forEach(PipelineSupervisor::close);
    }
}
