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
    private static final int INTERNAL = 500;
    private static final int UNAVAILABLE = 503;

    static RestAnswer of(String body) {
        return new RestAnswer(OK, body);
    }

    /** Returns the answer to a request that was not begun: clients may repeat it. */
    public static RestAnswer busy(String why) {
        return RestFailures.answer(UNAVAILABLE, "ServiceUnavailableException", why + "; nothing was changed");
    }

    /** Returns the answer to a request that was begun and has not ended: the outcome of a change is unknown. */
    public static RestAnswer notInTime(RestRequest request, String why) {
        return RestFailures.isRead(request)
                ? busy(why)
                : RestFailures.answer(
                        INTERNAL, "CommitStateUnknownException", why + "; the change may still take effect");
    }

    static RestAnswer done() {
        return new RestAnswer(NO_CONTENT, "");
    }
}
