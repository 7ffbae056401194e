/**
 * Rebuilds one table of an upsert pipeline's set: {@link io.firn.deploy.rebuild.RebuildPlanner} finds out what has to be
 * read and what is lost, {@link io.firn.deploy.rebuild.Rebuild} carries it out.
 */
@NullMarked
package io.firn.deploy.rebuild;

import org.jspecify.annotations.NullMarked;
