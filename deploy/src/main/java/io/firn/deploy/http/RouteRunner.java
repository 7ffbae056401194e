package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.deploy.watch.TableHead;
import io.javalin.http.Context;
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

    private final Running running;
    private final HttpLimits limits;
    private final Clock clock;
    private final BoundedCalls calls;
    private final Repeats repeats = new Repeats();

    RouteRunner(Running running, HttpLimits limits, Clock clock) {
        this.running = running;
        this.limits = limits;
        this.clock = clock;
        this.calls = new BoundedCalls("firn-http-asking", limits.asking(), clock);
    }

    /** @throws FirnException what the handler throws, or as {@link BoundedCalls#call} */
    void serve(Route route, Context context) {
        ContextCall call = new ContextCall(route, context);
        String asked = context.method() + " " + Plain.text(context.path());
        String key = context.header("Idempotency-Key");
        Supplier<String> handler = route.isChange()
                ? () -> changed(route, call, asked, key)
                : () -> route.handler().apply(call);
        String answer = route.asks() ? asking(route, asked, handler) : handler.get();
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
