package io.firn.deploy.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.HandlerType;
import java.util.Optional;
import java.util.function.Function;

/**
 * One path of the interface and one method: what it does and what {@code /openapi.json} says of it. Everything but GET
 * is for operators.
 *
 * @param path with its parameters in braces
 * @param operation a name of its own, in camel case
 * @param summary half a sentence
 * @param takes the shape of the body; empty where there is none
 * @param status of the answer where all is well
 * @param answers what comes back then
 * @param unwell another status with which it gives the same kind of answer, 0 for none
 * @param isOpen whether anybody may get it
 * @param asks whether the handler waits for another system: Kafka, catalog or store
 */
public record Route(
        HandlerType method,
        String path,
        String operation,
        String summary,
        Optional<Shape> takes,
        int status,
        Answer answers,
        int unwell,
        boolean isOpen,
        boolean asks,
        Function<Call, String> handler) {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int UNAVAILABLE = 503;

    /**
     * What comes back.
     *
     * @param shape empty where it is not a JSON object of a known shape
     */
    public record Answer(String mediaType, Optional<Shape> shape) {}

    /** A request, as far as it matters to what answers it. */
    public interface Call {
        /** A parameter of the path. */
        String path(String name);

        /**
         * The body, held against the shape that the route takes.
         *
         * @throws io.firn.catalog.FirnException {@code body-invalid}
         */
        JsonNode body();

        /** Who asks, for people. */
        String who();

        /** Answers with another status than the route's. */
        void status(int status);
    }

    /** Reads something. */
    public static Route get(
            String path, String operation, String summary, Shape gives, Function<Call, String> handler) {
        return of(HandlerType.GET, path, operation, summary, Optional.empty(), OK, json(gives), handler);
    }

    /** Reads something that is not an object of a known shape. */
    public static Route text(
            String path, String operation, String summary, String mediaType, Function<Call, String> handler) {
        Answer answer = new Answer(mediaType, Optional.empty());
        return of(HandlerType.GET, path, operation, summary, Optional.empty(), OK, answer, handler);
    }

    /** Changes something at once. */
    public static Route post(
            String path, String operation, String summary, Shape gives, Function<Call, String> handler) {
        return of(HandlerType.POST, path, operation, summary, Optional.empty(), OK, json(gives), handler);
    }

    /** Begins something that goes on after the answer. */
    public static Route begin(
            String path, String operation, String summary, Shape takes, Shape gives, Function<Call, String> handler) {
        return of(HandlerType.POST, path, operation, summary, Optional.of(takes), ACCEPTED, json(gives), handler);
    }

    /** Answers at once what a request would do, and does nothing. */
    public static Route plan(
            String path, String operation, String summary, Shape takes, Shape gives, Function<Call, String> handler) {
        return of(HandlerType.POST, path, operation, summary, Optional.of(takes), OK, json(gives), handler);
    }

    /** Has something begin that was asked for before and goes on after the answer. */
    public static Route proceed(
            String path, String operation, String summary, Shape gives, Function<Call, String> handler) {
        return of(HandlerType.POST, path, operation, summary, Optional.empty(), ACCEPTED, json(gives), handler);
    }

    /** Ends something. */
    public static Route delete(
            String path, String operation, String summary, Shape gives, Function<Call, String> handler) {
        return of(HandlerType.DELETE, path, operation, summary, Optional.empty(), OK, json(gives), handler);
    }

    /** Has something end that may go on for a moment after the answer. */
    public static Route end(
            String path, String operation, String summary, Shape gives, Function<Call, String> handler) {
        return of(HandlerType.DELETE, path, operation, summary, Optional.empty(), ACCEPTED, json(gives), handler);
    }

    private static Route of(
            HandlerType method,
            String path,
            String operation,
            String summary,
            Optional<Shape> takes,
            int status,
            Answer answers,
            Function<Call, String> handler) {
        return new Route(method, path, operation, summary, takes, status, answers, 0, false, false, handler);
    }

    /** Anybody may get it. */
    Route open() {
        return new Route(method, path, operation, summary, takes, status, answers, unwell, true, asks, handler);
    }

    /** Gives the same kind of answer with 503 while something is wrong. */
    Route orUnavailable() {
        return new Route(method, path, operation, summary, takes, status, answers, UNAVAILABLE, isOpen, asks, handler);
    }

    /** The handler waits for Kafka, catalog or store; it is given a limited time and number of threads. */
    Route asking() {
        return new Route(method, path, operation, summary, takes, status, answers, unwell, isOpen, true, handler);
    }

    private static Answer json(Shape gives) {
        return new Answer("application/json", Optional.of(gives));
    }

    boolean isChange() {
        return !method.equals(HandlerType.GET);
    }
}
