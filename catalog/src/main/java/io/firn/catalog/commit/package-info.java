/**
 * The commit protocol: {@link io.firn.catalog.commit.TableCommit} says what shall become visible,
 * {@link io.firn.catalog.commit.TableCommitter} makes it so or says why not, as a
 * {@link io.firn.catalog.commit.CommitOutcome}.
 */
@NullMarked
package io.firn.catalog.commit;

import org.jspecify.annotations.NullMarked;
