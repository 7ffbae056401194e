package io.firn.deploy.watch;

import java.util.regex.Pattern;

/**
 * A member of a consumer group as Kafka describes it.
 *
 * @param clientId as the client gives it
 * @param host address that the client connects from
 */
record GroupMember(String clientId, String host) {
    /** Whether the client ID is one that Firn gives the workers of this pipeline. */
    boolean isFirns(String pipeline) {
        return clientId.matches("(?s).*-" + Pattern.quote(pipeline) + "-\\d+");
    }

    @Override
    public String toString() {
        return "client " + clientId + " on host " + (host.startsWith("/") ? host.substring(1) : host);
    }
}
