package io.firn.catalog.rest;

import java.util.Map;

/**
 * What a client of the REST protocol asks.
 *
 * @param method in capitals, as {@code GET}
 * @param path from the protocol's root, begins with {@code /v1/}; still percent-encoded, since names may hold slashes
 * @param query decoded parameters
 * @param body JSON; empty where there is none
 */
public record RestRequest(String method, String path, Map<String, String> query, String body) {
    public RestRequest {
        query = Map.copyOf(query);
    }
}
