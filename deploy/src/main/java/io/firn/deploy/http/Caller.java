package io.firn.deploy.http;

/**
 * Who sent a request.
 *
 * @param name of a token in the configuration, or the subject of a certificate: for the log, never a secret
 */
record Caller(String name, Role role) {}
