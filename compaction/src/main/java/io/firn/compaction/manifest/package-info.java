/**
 * Many small manifests become few, each of neighbouring partitions, so that planning a query opens few of them. In: the
 * manifests of a table's head. Out: a snapshot with the same files.
 */
@NullMarked
package io.firn.compaction.manifest;

import org.jspecify.annotations.NullMarked;
