/**
 * The configuration file. In: YAML. Out: records with reasoned defaults, or every problem of the file at once, each
 * with line, column and key. Start at {@link io.firn.deploy.config.ConfigFile}.
 */
@NullMarked
package io.firn.deploy.config;

import org.jspecify.annotations.NullMarked;
