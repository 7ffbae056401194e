package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.deploy.watch.TableHead;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the handlers of routes. Those that ask another system do so within {@link BoundedCalls}; a change is logged with
 * its caller, and is made once for each idempotency key.
 */
final class RouteRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteRunner.class);

    /** Requests carry a few words at most. */
    private static final int MAX_REQUEST_BYTES = 64 << 10;

    private final Running running;
    private final RequestBodies bodies;
    private final HttpLimits limits;
    private final Clock clock;
    private final BoundedCalls calls;
    private final Repeats repeats = new Repeats();

    RouteRunner(Running running, RequestBodies bodies, HttpLimits limits, Clock clock) {
        this.running = running;
        this.bodies = bodies;
        this.limits = limits;
        this.clock = clock;
        this.calls = new BoundedCalls("firn-http-asking", limits.asking(), clock);
    }

    /**
     * Answers a request.
     *
     * @throws FirnException what the handler throws, or as {@link BoundedCalls#call} and {@link RequestBodies#read}
     * @throws IOException if the body is malformed or ends too early
     */
    void serve(Route route, Context context) throws IOException {
        // Before anything is done: a body that is too large or does not come must not leave a change behind.
        RequestBodies.Held body = bodies.read(context, MAX_REQUEST_BYTES);
        ContextCall call = new ContextCall(route, context, body.text());
        String asked = context.method() + " " + Plain.text(context.path());
        String key = context.header("Idempotency-Key");
        Supplier<String> handler = body.until(
                route.isChange()
                        ? () -> changed(route, call, asked, key)
                        : () -> route.handler().apply(call));
        String answer;
        try {
            answer = route.asks() ? asking(route, asked, handler) : handler.get();
        } catch (FirnException failed) {
            if (!failed.code().equals(BoundedCalls.NO_ANSWER)) {
                body.release();
            }
            throw failed;
        }
        context.status(call.status()).contentType(route.answers().mediaType()).result(answer);
    }

    private String asking(Route route, String asked, Supplier<String> handler) {
        Duration time = route.isChange() ? limits.change() : limits.read();
        String action = route.isChange()
                ? "it may still take effect: look at what is there before you ask again; /health/ready says what does"
                        + " not work"
                : "try again later; /health/ready says what does not work";
        try {
            return calls.call(handler, time, asked, action);
        } catch (FirnException failed) {
            if (failed.kind() != FirnException.Kind.EXTERNAL) {
                throw failed;
            }
            String where = failed.where() + "; " + lastRead();
            throw FirnException.external(failed.code(), failed.what(), where, failed.action(), failed);
        }
    }

    /** How old what the status shows of tables is. */
    private String lastRead() {
        Optional<Map.Entry<String, TableHead>> oldest = running.tableHeads().entrySet().stream()
                .min(Map.Entry.comparingByValue((a, b) -> a.readAt().compareTo(b.readAt())));
        return oldest.map(head -> {
                    Instant at = head.getValue().readAt();
                    long age = Math.max(0, Duration.between(at, clock.instant()).toSeconds());
                    return "table " + head.getKey() + " was last read at " + at + ", " + age + " s ago";
                })
                .orElse("no table was read yet");
    }

    /** A change that goes on after its time is over keeps its key until it ends. */
    private String changed(Route route, ContextCall call, String asked, @Nullable String key) {
        try {
            String answer = key == null
                    ? route.handler().apply(call)
                    : repeats.once(call.who(), key, asked + "\n" + call.text(), () -> route.handler()
                            .apply(call));
            LOG.info("changed by {}: {} {}", Plain.text(call.who()), asked, Plain.text(call.text()));
            return answer;
        } catch (FirnException refused) {
            LOG.warn("refused to {}: {}: {}", Plain.text(call.who()), asked, Plain.text(refused.what()));
            throw refused;
        }
    }

    @Override
    public void close() {
        calls.close();
    }
}
