package io.firn.catalog.rest;

import org.apache.iceberg.exceptions.BadRequestException;

/**
 * Which part of a list is asked for.
 *
 * @param token where the part begins; empty for the first
 * @param size how many names; empty for all
 */
record Paging(String token, String size) {
    static Paging of(RestRequest request) {
        String token = request.query().getOrDefault("pageToken", "");
        String size = request.query().getOrDefault("pageSize", "");
        if (!size.matches("[1-9][0-9]{0,8}|") || !token.matches("[0-9]{0,9}")) {
            throw new BadRequestException("pageSize must be a number from 1 on, pageToken one that an answer gave");
        }
        return new Paging(token, size);
    }

    /** Who sends neither gets everything; so does who sends a token without a size, which no answer gave. */
    boolean isAsked() {
        return !size.isEmpty();
    }
}
