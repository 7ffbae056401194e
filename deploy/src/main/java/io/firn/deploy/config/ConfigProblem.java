package io.firn.deploy.config;

/**
 * One thing that is wrong with a configuration, or with a system that it names.
 *
 * @param what one sentence without a full stop; never a secret
 * @param where as {@code firn.yaml:3:5, pipelines.orders.table}; may be empty
 * @param action what the reader should do; may be empty
 */
public record ConfigProblem(String what, String where, String action) {}
