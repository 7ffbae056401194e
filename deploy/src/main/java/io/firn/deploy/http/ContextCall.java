package io.firn.deploy.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.Context;

/** A request as the server has it. */
final class ContextCall implements Route.Call {
    private final Route route;
    private final Context context;

    ContextCall(Route route, Context context) {
        this.route = route;
        this.context = context;
    }

    @Override
    public String path(String name) {
        return context.pathParam(name);
    }

    @Override
    public JsonNode body() {
        Shape shape = route.takes().orElseThrow(() -> new IllegalStateException(route.path() + " takes no body"));
        return shape.read(context.body());
    }

    @Override
    public String who() {
        return Door.who(context);
    }

    @Override
    public void status(int status) {
        context.status(status);
    }
}
