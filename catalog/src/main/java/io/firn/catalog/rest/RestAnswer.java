package io.firn.catalog.rest;

/**
 * What the client is told.
 *
 * @param status of HTTP
 * @param body JSON; empty where the status says it all
 */
public record RestAnswer(int status, String body) {
    private static final int OK = 200;
    private static final int NO_CONTENT = 204;

    static RestAnswer of(String body) {
        return new RestAnswer(OK, body);
    }

    static RestAnswer done() {
        return new RestAnswer(NO_CONTENT, "");
    }
}
