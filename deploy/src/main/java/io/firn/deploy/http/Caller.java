package io.firn.deploy.http;

import java.util.Optional;

/**
 * Who sent a request.
 *
 * @param name of a token in the configuration, or in a certificate: for the log, never a secret
 * @param refusal of a request that the role does not allow; empty for tokens, for which {@link Door} has the words
 */
record Caller(String name, Role role, Optional<Refusal> refusal) {
    /** With a token, or without any proof. */
    Caller(String name, Role role) {
        this(name, role, Optional.empty());
    }
}
