package io.firn.deploy.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.Context;
import java.util.Map;
import java.util.Objects;

/** A request as it arrived. It holds nothing of the server, which uses its objects again after the answer. */
final class ContextCall implements Route.Call {
    private final Route route;
    private final Map<String, String> path;
    private final String body;
    private final String who;
    private volatile int status;

    /** Reads the body as well, if it can have one. */
    ContextCall(Route route, Context context) {
        this.route = route;
        this.path = Map.copyOf(context.pathParamMap());
        // Before anything is done: a body that is too large or does not come must not leave a change behind.
        this.body = route.isChange() ? context.body() : "";
        this.who = Door.who(context);
        this.status = route.status();
    }

    @Override
    public String path(String name) {
        return Objects.requireNonNull(path.get(name), name);
    }

    @Override
    public JsonNode body() {
        Shape shape = route.takes().orElseThrow(() -> new IllegalStateException(route.path() + " takes no body"));
        return shape.read(body);
    }

    @Override
    public String who() {
        return who;
    }

    @Override
    public void status(int status) {
        this.status = status;
    }

    /** Returns the status that the answer has. */
    int status() {
        return status;
    }

    /** Returns the body as text. */
    String text() {
        return body;
    }
}
