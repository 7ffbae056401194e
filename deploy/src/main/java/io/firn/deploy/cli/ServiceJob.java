package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.firn.catalog.FirnException;
import io.firn.deploy.StopRequest;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/** Waits for a job of a service, and says now and then how far it is. */
final class ServiceJob {
    private static final Duration LOOK = Duration.ofMillis(300);
    private static final int LOOKS_A_LINE = 10;
    private static final Set<String> UNDER_WAY = Set.of("queued", "running");

    private ServiceJob() {}

    /**
     * The job when it is over.
     *
     * @param path of the job
     * @param stop where it is requested, the job goes on and nobody waits for it
     * @throws FirnException where the job failed, what it failed with
     */
    static JsonNode await(ServiceClient service, String path, StopRequest stop, Consumer<String> say)
            throws InterruptedException {
        JsonNode job = service.get(path);
        for (int look = 1; UNDER_WAY.contains(job.path("state").asText()); look++) {
            if (stop.await(LOOK)) {
                throw new FirnException(
                        "not-awaited",
                        FirnException.Kind.EXTERNAL,
                        "nobody waits for it any more; it goes on in the service",
                        "GET " + path,
                        "look there how it ends",
                        null);
            }
            job = service.get(path);
            if (look % LOOKS_A_LINE == 0) {
                say.accept(line(job));
            }
        }
        JsonNode problem = job.path("problem");
        if (problem.isObject()) {
            throw ServiceClient.refusal(problem.path("status").asInt(), problem, path);
        }
        return job;
    }

    private static String line(JsonNode job) {
        String of = job.has("total")
                ? String.format(Locale.ROOT, " of %,d", job.path("total").asLong())
                : "";
        return job.path("state").asText().equals("queued")
                ? "waiting for its turn"
                : String.format(
                        Locale.ROOT,
                        "%s: %,d%s %s",
                        job.path("phase").asText(),
                        job.path("done").asLong(),
                        of,
                        job.path("unit").asText());
    }
}
