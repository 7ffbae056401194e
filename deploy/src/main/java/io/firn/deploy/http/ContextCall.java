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

    ContextCall(Route route, Context context, String body) {
        this.route = route;
        this.path = Map.copyOf(context.pathParamMap());
        this.body = body;
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
